#!/bin/bash
# Deploys what `make package` rendered, with the plain AWS CLI (version 1 or 2): no Copilot binary takes part.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: deploy/without-copilot.sh app
       deploy/without-copilot.sh ENVIRONMENT [--execute] [--only WORKLOAD]

  app            deploy deploy/app.yml: the artefact bucket, its key, and Copilot's parameters. Once per account.
  ENVIRONMENT    make a change set for each of its stacks, in order: the environment, bootstrap, publishers of
                 topics, workers, services, portals, jobs. They are made to be read: nothing is changed.
  --execute      carry each change set out before the next is made. The first deployment of an environment needs
                 it: AWS judges a workload only when the stacks that it imports from exist.
  --only WORKLOAD  this workload's stack only; `-` is the environment's own.

Before: AWS_REGION and credentials are set; `make package` has run with the real TRADEPOST_IMAGE, ALB_CERT_ARN,
DOMAIN and OWNER_EMAIL. PACKAGE names another folder than build/package. On a first deployment, run the job
between: --execute --only -, --execute --only bootstrap, then start it, then --execute.
TEXT
}

refuse() {
    echo "$1" >&2
    exit 2
}

root=$(cd "$(dirname "$0")/.." && pwd)
package=${PACKAGE:-$root/build/package}
environment='' execute=--no-execute-changeset only=''
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage; exit ;;
        --execute) execute='' ;;
        --only) only=${2:?--only needs the name of a workload}; shift ;;
        -*) refuse "Unknown option $1; see --help." ;;
        *) [ -z "$environment" ] || refuse "One environment at a time; see --help."; environment=$1 ;;
    esac
    shift
done
[ -n "$environment" ] || { usage >&2; exit 2; }
command -v aws >/dev/null || refuse "The AWS CLI (aws) is not on PATH: install it."
[ -f "$package/rehearsal.txt" ] || refuse "$package holds no release: run make package first."

# What templates were rendered with, and its counterpart in this account.
rendered() { awk -v name="$1" '$1 == name { print $2 }' "$package/rehearsal.txt"; }
application=$(rendered application)
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}}
[ "$region" = "$(rendered region)" ] || refuse "The release was rendered for $(rendered region): set AWS_REGION to it."
export AWS_DEFAULT_REGION=$region # version 1 of the AWS CLI reads no other name

if [ "$environment" = app ]; then
    exec aws cloudformation deploy --stack-name "$application-app" --template-file "$root/deploy/app.yml" \
        --no-fail-on-empty-changeset --tags "copilot-application=$application" \
        --parameter-overrides "App=$application"
fi
[ -f "$package/$environment/stacks.txt" ] || refuse "$package/$environment holds no stacks: run make package ENV=$environment."

account=$(aws sts get-caller-identity --query Account --output text)
physical_id() {
    aws cloudformation describe-stack-resource --stack-name "$application-app" --logical-resource-id "$1" \
        --query StackResourceDetail.PhysicalResourceId --output text
}
bucket=$(physical_id Artifacts) || refuse "There is no stack $application-app: run deploy/without-copilot.sh app."
key="arn:aws:kms:$region:$account:key/$(physical_id ArtifactKey)"
if [ "$account" != "$(rendered account)" ] && grep -qr "sha256:0000000000000000" "$package/$environment"/*.overrides; then
    refuse "The release names the rehearsal's image: run make package with the real TRADEPOST_IMAGE and ALB_CERT_ARN."
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -R "$package/$environment" "$scratch/stacks"
cp -R "$package/artifacts" "$scratch/artifacts"
# The key first: its name holds the account's number too.
find "$scratch" -type f ! -name '*.zip' -exec sed -i \
    -e "s|$(rendered key)|$key|g" -e "s|$(rendered bucket)|$bucket|g" -e "s|$(rendered account)|$account|g" {} +
# Names are made of the content, so what is there already is the same.
aws s3 sync --only-show-errors --size-only "$scratch/artifacts" "s3://$bucket"

status_of() { # stack; only what AWS itself says is not there counts as `none`, no failure on the way
    local found refusal=$scratch/refusal
    found=$(aws cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].StackStatus' --output text 2>"$refusal") ||
        if grep -q 'does not exist' "$refusal"; then
            found=none
        else
            refuse "Whether the stack $1 exists could not be read: $(cat "$refusal")"
        fi
    echo "$found"
}

deploy() { # stack, template, base of the parameters' files, workload or -
    local pairs=() first=() status tags=("copilot-application=$application" "copilot-environment=$environment")
    [ "$4" = - ] || tags+=("copilot-service=$4")
    mapfile -t pairs <"$scratch/stacks/$3.overrides"
    # The environment's Lambda owns these from the first deployment on: sending them again would take the load
    # balancer and NAT gateways away.
    status=$(status_of "$1")
    case $status in # in review: its first change set was made to be read, and never carried out
        none | REVIEW_IN_PROGRESS) mapfile -t first <"$scratch/stacks/$3.first" ;;
    esac
    echo "== $1"
    # shellcheck disable=SC2086 # empty when it is to be executed
    aws cloudformation deploy --stack-name "$1" --template-file "$scratch/stacks/$2" --s3-bucket "$bucket" \
        --s3-prefix manual/templates --capabilities CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND \
        --no-fail-on-empty-changeset $execute --tags "${tags[@]}" \
        --parameter-overrides "${pairs[@]}" ${first[@]+"${first[@]}"}
}

found=''
while read -r stack template base workload; do
    if [ -z "$only" ] || [ "$only" = "$workload" ]; then
        found=yes
        deploy "$stack" "$template" "$base" "$workload" </dev/null
    fi
done <"$package/$environment/stacks.txt"
[ -n "$found" ] || refuse "$environment has no workload $only; see $package/$environment/stacks.txt."
