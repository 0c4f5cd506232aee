# The words are the same everywhere; CI calls these very targets. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c

STATE := .tradepost
# The environment itself and not the link to it: a new one does not reach what runs (docs/adr/0043).
PY = $(or $(realpath $(STATE)/venv),$(STATE)/venv)/bin/python
# The first supported interpreter; preparation prints a sentence when there is none.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$each" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1 && { echo "$$each"; exit; }; \
	done; echo python3)
SOURCES := services portals shared tools loadtests tests
# A hint only: the platform may run elsewhere.
HINT = $(PY) -m tools.up status >/dev/null || echo 'No platform is ready in this folder: `make up` starts one.' >&2

# Refused here, for all targets at once: the highest port is 8096.
ifneq ($(PORT_OFFSET),)
ifneq ($(shell [ "$(PORT_OFFSET)" -ge 0 ] 2>/dev/null && [ "$(PORT_OFFSET)" -le 57000 ] && echo fits),fits)
$(error PORT_OFFSET is '$(PORT_OFFSET)'; it must be a whole number from 0 to 57000)
endif
endif

# Compiled code is what makes a start fast; some environments forbid it to every Python.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME
# With many threads per process, glibc would keep an arena for each of them.
export MALLOC_ARENA_MAX ?= 2

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# Enough for what only looks at a running platform, or ends it.
.PHONY: machine
machine:
	@$(PYTHON) -m tools.prepare --check

.PHONY: setup
setup: ## prepare the environment: virtual environment, locked packages, mongod and valkey-server
	@$(PYTHON) -m tools.prepare

.PHONY: setup-dev
setup-dev:
	@$(PYTHON) -m tools.prepare --dev

.PHONY: setup-npm
setup-npm:
	@$(PYTHON) -m tools.prepare --dev --npm

.PHONY: up
up: $(if $(filter moto,$(AWS)),setup-dev,setup) ## run the platform (DETACH=1 returns once it is healthy, PORT_OFFSET=100 shifts all ports, AWS=moto in place of AWS)
	@$(PY) -m tools.up up $(if $(filter-out 0,$(DETACH)),--detach)

.PHONY: run
run: up ## the same as up

.PHONY: down
down: machine ## stop the platform and keep its data
	@$(PYTHON) -m tools.up down

.PHONY: reset
reset: machine ## clear the demo's data, logs and secrets
	@$(PYTHON) -m tools.up reset

.PHONY: status
status: machine ## what runs: pid, port, state, restarts, memory, uptime
	@$(PYTHON) -m tools.up status

.PHONY: logs
logs: machine ## follow a log: SERVICE=orders (all without; FOLLOW=0 shows the end and returns)
	@$(PYTHON) -m tools.up logs $(SERVICE) $(if $(filter 0,$(FOLLOW)),--no-follow)

.PHONY: parked
parked: setup ## dead-letter events and failed jobs (AGAIN=orders retries those of a service)
	@$(PY) -m tools.parked $(if $(AGAIN),--again $(AGAIN))

.PHONY: resume
resume: setup ## after databases were restored: end the notes of older copies, raise versions, rebuild search's index
	@$(PY) -m tools.resume

.PHONY: config
config: setup ## every setting, its default, and the limits per dependency
	@$(PY) -m tools.up config

.PHONY: test
test: setup-dev ## the tests, on a real MongoDB and Valkey, without browser, chaos and package (ARGS="-k orders" picks)
	@$(PY) -m pytest -n 2 -m "not browser and not chaos and not package" $(ARGS)

.PHONY: chaos
chaos: setup-dev ## faults on whole processes: kills, hangs, restarts, emptied stores (ROUNDS=1 is the short form)
	@$(PY) -m pytest -n 2 --dist loadfile -m chaos tests/chaos --rounds $(or $(ROUNDS),3) $(ARGS)

.PHONY: lint
lint: setup-dev ## style, types, imports and the architecture's own tests
	@$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy $(SOURCES)
	$(dir $(PY))lint-imports
	$(PY) -m pytest -q -p no:randomly tests/architecture

.PHONY: types
types: setup-dev ## mypy alone
	@$(PY) -m mypy $(SOURCES)

.PHONY: journey
journey: setup-dev ## the main job in a real browser, against the running platform
	@$(HINT)
	$(PY) -m pytest -m browser $(ARGS)

STORY_API = http://127.0.0.1:$(shell echo $$((8080 + $(or $(PORT_OFFSET),0))))
.PHONY: story
story: ## the README's story and the commands of docs/api.md, as printed, against the running platform
	@curl -sf -o /dev/null $(STORY_API)/health/live || \
		{ echo "Nothing answers at $(STORY_API): run make up first, and name its PORT_OFFSET here too." >&2; exit 2; }
	export API=$(STORY_API)/api/v1 MAILBOX=http://127.0.0.1:$$((8083 + $(or $(PORT_OFFSET),0)))
	for document in README.md docs/api.md; do
		awk '/^```sh/ { inside = 1; next } /^```/ { inside = 0 } inside' $$document > $(STATE)/story.sh
		test -s $(STATE)/story.sh || { echo "$$document has no commands" >&2; exit 1; }
		sh -eu $(STATE)/story.sh
	done

.PHONY: fuzz
fuzz: setup-dev ## requests made from the OpenAPI document, as three people, against the running platform: no answer is a 5xx, each is documented
	@$(HINT)
	$(PY) -m tests.fuzz

.PHONY: api-lint
api-lint: setup-npm ## check the OpenAPI document with Redocly and Spectral; no platform need run
	@$(PY) -m tests.clients.lint

.PHONY: clients
clients: setup-npm ## make a Python and a TypeScript client from the OpenAPI document, and trade with each, against the running platform
	@$(HINT)
	$(PY) -m tests.clients

.PHONY: lighthouse
lighthouse: setup-npm ## Lighthouse on ten pages of both portals, against the running platform; needs Debian's chromium (ARGS="--performance 100")
	@$(HINT)
	$(PY) -m tests.lighthouse $(ARGS)

.PHONY: replay
replay: setup-dev ## drive the running platform with real trade: FILE=<csv or csv.xz>
	@test -n "$(FILE)" || { echo "Name the trade: make replay FILE=<csv or csv.xz>" >&2; exit 2; }
	$(HINT)
	$(PY) -m tools.replay "$(FILE)" $(ARGS)

.PHONY: replay-short
replay-short: setup-dev ## the same with the first two days, which come with the clone
	@$(HINT)
	$(PY) -m tools.replay tools/demo/first-two-days.csv.xz $(ARGS)

.PHONY: load
load: setup-dev ## buyers by Locust against the running platform (USERS=20 SECONDS=60)
	@$(HINT)
	$(PY) -m locust -f loadtests --headless \
		--users $(or $(USERS),20) --spawn-rate 5 --run-time $(or $(SECONDS),60)s $(ARGS)

.PHONY: load-lists
load-lists: setup-dev ## the order list over 100,000 orders in a store of its own: searches and filters beside the plain list
	@$(HINT)
	$(PY) -m loadtests.order_lists

.PHONY: load-crowd
load-crowd: setup-dev ## many clients at once: what the running platform serves and refuses (ARGS="reads slow overload rush")
	@$(HINT)
	$(PY) -m loadtests.crowd $(ARGS)

.PHONY: picture
picture: setup-dev ## draw docs/images/architecture.svg from the code's own tables
	@$(PY) -m tools.picture

.PHONY: docs
docs: setup-dev ## write docs/events.md and docs/adr/README.md from the code
	@$(PY) -m tools.docs

.PHONY: image
image: setup-dev ## build the image of all workloads (ENGINE=docker|podman|buildah, BASE=<image pinned by digest>)
	@$(PY) -m tools.image build

.PHONY: image-check
image-check: setup-dev ## really build the image with buildah on a Debian made here, and start its workloads (root)
	@$(PY) -m tools.image check

.PHONY: image-push
image-push: setup-dev ## build this commit's image once, push it to our ECR repository once, and name its digest
	@$(PY) -m tools.image push

.PHONY: package
package: setup-dev ## render copilot/ by the real binary, offline, and check it (ENV=prod, WORKLOAD=orders, ARGS=--static)
	@$(PY) -m tools.package $(if $(ENV),--env $(ENV)) $(if $(WORKLOAD),--workload $(WORKLOAD)) $(ARGS)

.PHONY: package-test
package-test: setup-dev ## the tests that break a workspace and have the real binary render it
	@$(PY) -m pytest -m package tests/tools/package $(ARGS)

.PHONY: deploy-rehearsal
deploy-rehearsal: setup-dev ## follow docs/deploy.md literally against moto, up to the change sets
	@$(PY) -m tools.package.rehearse $(ARGS)

.PHONY: lock
lock: setup-dev ## renew the locks in requirements/ after a change of an .in file or of package.json
	@for name in runtime dev local image node; do
		$(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet \
			$$([ $$name = local ] && echo --no-deps) requirements/$$name.in -o requirements/$$name.txt
	done
	$(PY) -m tools.prepare --dev --node
	$(PY) -m tools.prepare_node
