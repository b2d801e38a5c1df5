"""What `make evaluate` judges, on seeds it does not use: honest months stay quiet, attacks are found."""

import pytest

from streams.backtest.attacks import ATTACKS
from tests.evaluate.judge import judged_attack, judged_quiet
from tests.evaluate.month import sites

SEED = 11
SITES = {site.pbx: site for site in sites()}


@pytest.mark.parametrize("pbx", ["office", "hotel", "branches", "lawyers", "workshop"])
def test_an_honest_month_leads_to_no_containment(pbx) -> None:
    found = judged_quiet(SITES[pbx], SEED)
    assert found.events > 1_000
    assert found.containments == ()


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_found_in_one_incident_about_the_right_subject(attack) -> None:
    found = judged_attack(SITES["workshop"], attack, SEED)
    assert (found.found, found.incidents, found.kind_right) == (True, 1, True), found
