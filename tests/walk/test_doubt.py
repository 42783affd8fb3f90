"""A walk that is told that a page is not its own takes back what rests on it."""

from crawler.walk.pass_sequence import WalkRules
from crawler.walk.server_profile import ServerProfile, SharedProfile
from crawler.walk.walk import Walk
from tests.walk.model_server import Crawl, Server, ServerBehavior, WalkConfig, page_of


def test_a_pass_with_such_a_page_proves_nothing_and_another_one_follows() -> None:
    walk = WalkConfig(10, max_passes=2).new_walk()
    window = walk.next_window()
    assert window is not None
    walk.on_page(window, page_of(range(100, 110), 25), last_try=False)
    walk.on_doubt(window)
    done = Crawl(Server(ServerBehavior(25)), walk).run()
    assert (walk.verdict, walk.passes) == ("complete", 2)
    assert done.keys == set(range(25))


def test_after_the_last_pass_the_walk_says_why_it_is_unproven() -> None:
    walk = WalkConfig(10, max_passes=1).new_walk()
    window = walk.next_window()
    assert window is not None
    walk.on_page(window, page_of(range(10), 25), last_try=False)
    walk.on_doubt(window)
    Crawl(Server(ServerBehavior(25)), walk).run()
    assert walk.judgement == ("unproven", "a page may belong to another request")


def test_a_page_of_an_earlier_pass_takes_the_first_half_of_a_double_read_back() -> None:
    walk = WalkConfig(10, max_passes=4, double_read=True).new_walk()
    crawl = Crawl(Server(ServerBehavior(25)), walk)
    while walk.passes == 1:
        crawl.fill()
        crawl.answer(0)
    walk.on_doubt(crawl.history[0].window)
    crawl.run()
    assert (walk.verdict, walk.passes) == ("complete", 3)


def test_a_walk_that_begins_anew_goes_on_behind_the_passes_it_had() -> None:
    walk = Walk(SharedProfile(ServerProfile(10, (None,))), WalkRules(1, passes_before=2))
    done = Crawl(Server(ServerBehavior(25)), walk).run()
    assert (walk.verdict, walk.passes) == ("complete", 3)
    assert {settled.window.pass_number for settled in done.history} == {3}
