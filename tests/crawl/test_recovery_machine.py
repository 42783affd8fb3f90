"""The real crawl under any history of faults, changes, kills and resumes keeps one law (tests/support/oracle.py)."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.crawl.test_nothing_lost import COMBINABLE
from tests.support.examples import examples
from tests.support.scenario import Scenario

pytestmark = [pytest.mark.unmeasured, pytest.mark.timeout(600)]  # a violation takes minutes to shrink

faults_of_a_run = st.lists(st.sampled_from(COMBINABLE), max_size=2, unique=True)
concurrencies = st.integers(1, 8)


class RecoveryMachine(RuleBasedStateMachine):
    """Every rule is checked by the history itself."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()

    @initialize(
        repositories=st.integers(0, 150),
        limit=st.sampled_from([7, 10, 40, 1000]),
        double_read=st.booleans(),
        by_namespace=st.booleans(),
    )
    def begin(self, repositories: int, limit: int, double_read: bool, by_namespace: bool) -> None:  # noqa: FBT001 - drawn
        self.scenario = Scenario(
            Path(self.folder.name),
            repositories=repositories,
            limit=limit,
            double_read=double_read,
            by_namespace=by_namespace,
        )

    @rule(index=st.integers(0, 30), grows=st.booleans())
    def change(self, index: int, grows: bool) -> None:  # noqa: FBT001 - drawn
        self.scenario.change(index, grows=grows)

    @rule(texts=faults_of_a_run, concurrency=concurrencies)
    def run(self, texts: list[str], concurrency: int) -> None:
        event(f"exit code {self.scenario.run(texts, concurrency)}")

    @rule(texts=faults_of_a_run, concurrency=concurrencies, at=st.integers(1, 20))
    def kill(self, texts: list[str], concurrency: int, at: int) -> None:
        event(f"exit code {self.scenario.kill(texts, concurrency, at)}")

    def teardown(self) -> None:
        self.scenario.end()
        self.folder.cleanup()


TestRecovery = RecoveryMachine.TestCase
TestRecovery.settings = settings(max_examples=examples(quick=4), stateful_step_count=6, deadline=None)


@pytest.mark.slow
@pytest.mark.timeout(3600)  # a limit that strikes within a crawl would leave the output locked for all replays
class TestRecoveryAtLength(RecoveryMachine.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(max_examples=400, stateful_step_count=12, deadline=None)
