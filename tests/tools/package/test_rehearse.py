"""A document's commands are run as printed, in order, against moto; what needs an account is named and skipped."""

from __future__ import annotations

import pytest

from tools.package.rehearse import blocks, main

pytestmark = pytest.mark.package

STACK = '{"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}'


@pytest.fixture
def rehearsed(tmp_path, capfd):
    def follow(text: str) -> tuple[int, str]:
        document = tmp_path / "deploy.md"
        document.write_text(text)
        status = main([str(document), "--folder", str(tmp_path)])
        out, err = capfd.readouterr()
        return status, out + err

    return follow


class TestRehearsing:
    def test_blocks_share_what_they_export(self, rehearsed):
        status, shown = rehearsed("# One\n```sh\nexport COLOUR=green\n```\nTwo\n```sh\necho it is $COLOUR\n```\n")

        assert status == 0
        assert "it is green" in shown

    def test_the_aws_cli_meets_moto_and_change_sets_are_shown(self, rehearsed, tmp_path):
        (tmp_path / "stack.json").write_text(STACK)

        region = "export AWS_DEFAULT_REGION=us-east-1"
        command = "aws cloudformation deploy --stack-name demo --template-file stack.json --no-execute-changeset"
        status, shown = rehearsed(f"```sh\n{region}\n{command}\n```\n")

        assert status == 0
        assert "REVIEW_IN_PROGRESS" in shown
        assert "demo" in shown

    def test_what_needs_an_account_is_named_and_not_run(self, rehearsed, tmp_path):
        status, shown = rehearsed("```sh account\ntouch pushed\n```\n```sh\ntrue\n```\n")

        assert status == 0
        assert "skipped, needs an account:\ntouch pushed" in shown
        assert not (tmp_path / "pushed").exists()

    def test_the_first_failure_ends_it_and_names_the_line(self, rehearsed):
        status, shown = rehearsed("Text\n\n```sh\nexit 3\n```\n```sh\necho never reached here\n```\n")

        assert status == 3
        assert "deploy.md:4: a command of this block ended with 3" in shown
        assert "== deploy.md:7" not in shown

    def test_credentials_of_this_machine_are_not_seen(self, rehearsed, monkeypatch):
        monkeypatch.setenv("AWS_PROFILE", "mine")

        status, shown = rehearsed('```sh\necho "profile:${AWS_PROFILE:-none} key:$AWS_ACCESS_KEY_ID"\n```\n')

        assert (status, "profile:none key:testing" in shown) == (0, True)

    def test_no_region_is_known_before_the_document_names_one(self, rehearsed):
        status, shown = rehearsed("```sh\naws cloudformation describe-stacks\n```\n")

        assert status != 0
        assert "You must specify a region" in shown

    def test_a_document_without_commands_is_refused(self, rehearsed):
        status, shown = rehearsed("# Nothing\n```text\nls\n```\n")

        assert status == 2
        assert "has no ```sh block" in shown

    def test_only_the_two_tags_hold_commands(self):
        found = blocks("```sh\na\n```\n```console\nb\n```\n```sh  account\nc\n```\n```\nd\n```\n")

        assert [(each.tag, each.text) for each in found] == [("sh", "a\n"), ("sh account", "c\n")]
