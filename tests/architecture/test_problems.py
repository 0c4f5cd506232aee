"""Problem types derive from class names and clients compare them, so types, titles and statuses are pinned."""

from __future__ import annotations

from tests.architecture import golden


class TestProblems:
    def test_are_those_that_are_pinned(self):
        pinned, present = _rows(golden.read(golden.PROBLEMS_FILE)), _rows(golden.problems())
        removed, added = sorted(pinned - present), sorted(present - pinned)
        changes = "\n".join([*(f"- {row}" for row in removed), *(f"+ {row}" for row in added)])
        assert not changes, f"Problems differ from golden_problems.json:\n{changes}\n{golden.RENEW}"

    def test_say_what_they_mean_and_what_to_do(self):
        """Each type has a page (`/docs/problems/<name>`): a class inherits neither sentence."""
        silent = [kind.__name__ for kind in golden.problem_kinds() if not {"meaning", "advice"} <= vars(kind).keys()]
        unfinished = [
            kind.__name__
            for kind in golden.problem_kinds()
            if not (kind.meaning.endswith(".") and kind.advice.endswith(".") and kind.meaning != kind.advice)
        ]
        assert (silent, unfinished) == ([], [])

    def test_of_one_type_have_one_status(self):
        """A client distinguishes problems by type, for all services alike."""
        statuses: dict[str, set[int]] = {}
        for problems in golden.problems().values():
            for type_, facts in problems.items():
                statuses.setdefault(type_, set()).add(facts["status"])
        assert {type_: found for type_, found in statuses.items() if len(found) > 1} == {}


def _rows(problems: golden.Golden) -> set[str]:
    return {
        f"{owner} {type_} {facts['status']} {facts['title']!r}"
        for owner, known in problems.items()
        for type_, facts in known.items()
    }
