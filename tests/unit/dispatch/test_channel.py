"""The line between supervisor and child."""

from narrowboat.dispatch.channel import Channel


def test_words_arrive_in_order_until_the_line_is_closed() -> None:
    here, end = Channel.pair()
    there = Channel(end)
    here.say("hint")
    here.say("wake", "r1")
    here.close()
    assert list(there.hear()) == [("hint", ""), ("wake", "r1")]
    there.close()


def test_a_word_to_a_dead_child_is_lost_without_harm() -> None:
    here, end = Channel.pair()
    end.close()
    here.say("hint")
    assert list(here.hear()) == []
    here.close()


def test_a_child_that_hangs_holds_up_nobody_who_speaks_to_it() -> None:
    here, end = Channel.pair()
    for _ in range(5000):
        here.say("wake", "r1")
    here.close()
    there = Channel(end)
    assert set(there.hear()) == {("wake", "r1")}, "whole words, as many as there was room for"
    there.close()
