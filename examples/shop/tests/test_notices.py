from shop.notices import Mailbox, Notifier, Pocket


def send_two(notifier: Notifier) -> int:
    notifier.deliver_note("mira", "one")
    return notifier.deliver_note("mira", "two")


def test_mailbox(persistence):
    mailbox = Mailbox(persistence)
    assert send_two(mailbox) == 2
    assert mailbox.notes_of("mira") == ["one", "two"]
    assert mailbox.notes_of("mir") == []


def test_pocket():
    pocket = Pocket()
    assert send_two(pocket) == 2
    assert pocket.notes == [("mira", "one"), ("mira", "two")]
