import pytest

from service.prefer import preferred_wait_s


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ([], None),
        (["wait=10"], 10),
        (["respond-async, Wait=10"], 10),
        (["respond-async", 'wait="7"; foo=bar'], 7),
        (["wait=100"], 60),
        (["wait=0"], 0),
        (["wait=5, wait=9"], 5),
        (["wait"], None),
        (["wait=-1"], None),
        (["wait=ten"], None),
        (["wait=1e3"], None),
        (["wait=٣"], None),
        (["waiting=3"], None),
        (["wait=" + "9" * 50], None),
    ],
)
def test_the_first_readable_wish_counts_and_is_capped(headers, wait_s):
    assert preferred_wait_s(headers, 60) == wait_s
