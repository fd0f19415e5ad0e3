"""P2: no mail is lost, none is sent twice but for one narrow gap, none leaves after it was cancelled."""

import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine

from coachbase import clock, jobs
from coachbase.db import database
from coachbase.mail import actions as mail
from coachbase.mail import tasks
from coachbase.mail.models import MailServer, Message
from coachbase.mail.rules import LEASE_LASTS, Security, State
from tests.mail.test_actions import again, thanks
from tests.smtp import use


def later(**time):
    """Run the sweep and what it wakes, some time on."""
    with time_machine.travel(clock.now() + timedelta(**time)):
        mail.sweep()
        jobs.run_jobs()


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_a_server_that_is_down_gets_the_mail_later(cast, smtp):
    use(closed_port())
    message = thanks(cast)
    jobs.run_jobs()
    assert again(message).state is State.FAILED
    assert "could not be used" in again(message).answer
    assert again(message).try_at > clock.now()
    use(smtp.port)
    later(minutes=2)
    assert smtp.ids == [message.message_id]


@pytest.mark.parametrize(("step", "answer"), [("rcpt", "450 busy"), ("data", "451 later")])
def test_a_refusal_for_now_is_tried_again(cast, smtp, step, answer):
    setattr(smtp, step, [answer])
    message = thanks(cast)
    jobs.run_jobs()
    assert again(message).state is State.FAILED
    assert again(message).answer == answer
    later(minutes=2)
    assert (again(message).state, again(message).attempts) == (State.SENT, 2)
    assert smtp.ids == [message.message_id]


@pytest.mark.parametrize(("step", "answer"), [("rcpt", "550 no such user"), ("data", "554 not this")])
def test_a_refusal_for_good_is_not_tried_again(cast, smtp, step, answer):
    setattr(smtp, step, [answer])
    message = thanks(cast)
    jobs.run_jobs()
    later(days=2)
    assert (again(message).state, again(message).attempts) == (State.DEAD, 1)
    assert again(message).answer == answer
    assert smtp.messages == []


def test_a_server_that_hangs_is_left(cast, smtp, monkeypatch):
    monkeypatch.setattr(tasks, "PATIENCE", 0.3)
    smtp.data = ["hang"]
    message = thanks(cast)
    jobs.run_jobs()
    assert again(message).state is State.FAILED
    assert "stayed silent" in again(message).answer
    later(minutes=2)
    assert smtp.ids == [message.message_id]


def test_a_server_that_drips_for_ever_is_cut(cast, monkeypatch):
    monkeypatch.setattr(tasks, "TALK_LASTS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        use(listening.getsockname()[1])
        stop = threading.Event()
        drips = threading.Thread(target=drip, args=(listening, stop))
        drips.start()
        message = thanks(cast)
        jobs.run_jobs()
        stop.set()
        drips.join(5)
    assert again(message).state is State.FAILED


def drip(listening, stop):
    talk, _ = listening.accept()
    with talk:
        while not stop.wait(0.1):
            try:
                talk.sendall(b"220-still thinking\r\n")
            except OSError:
                return


def test_a_server_that_talks_without_end_is_left(cast):
    """Unbounded, it filled two gigabytes in fifteen seconds."""
    told = 0

    def talk() -> None:
        nonlocal told
        line, _ = door.accept()
        with line, suppress(OSError):  # until the worker hangs up
            while told < 200_000_000:
                told += line.send(b"220-good day and good day again\r\n" * 1000)

    with socket.create_server(("127.0.0.1", 0)) as door:
        talker = threading.Thread(target=talk)
        talker.start()
        use(door.getsockname()[1])
        message = thanks(cast)
        jobs.run_jobs()
        talker.join(5)
    assert again(message).state is State.FAILED
    assert "talks without end" in again(message).answer
    assert told < 20_000_000


def test_a_line_that_breaks_before_the_answer_is_tried_again_with_the_same_id(cast, smtp):
    smtp.data = ["drop"]
    message = thanks(cast)
    jobs.run_jobs()
    assert again(message).state is State.FAILED
    later(minutes=2)
    assert smtp.ids == [message.message_id]


def test_a_line_that_breaks_after_the_answer_changes_nothing(cast, smtp):
    smtp.data = ["drop after"]
    message = thanks(cast)
    jobs.run_jobs()
    assert again(message).state is State.SENT
    later(minutes=10)
    assert smtp.ids == [message.message_id]


def test_a_wrong_password_kills_no_mail(cast, smtp):
    MailServer.update(username="desk", password="wrong").execute()
    message = thanks(cast)
    jobs.run_jobs()
    assert again(message).state is State.FAILED
    MailServer.update(username="").execute()
    later(minutes=2)
    assert again(message).state is State.SENT


def test_a_server_without_the_promised_encryption_gets_nothing(cast, smtp):
    MailServer.update(security_name=Security.STARTTLS).execute()
    message = thanks(cast)
    jobs.run_jobs()
    assert again(message).state is State.FAILED
    assert "STARTTLS" in again(message).answer
    assert smtp.messages == []


def test_no_transaction_is_open_while_they_talk(cast, smtp):
    message = thanks(cast)

    def write_meanwhile():
        with database.atomic("IMMEDIATE"):
            Message.update(answer="somebody else wrote").where(Message.id == message.id).execute()
        database.close()
        return "250 taken"

    smtp.data = [write_meanwhile]
    jobs.run_jobs()
    assert again(message).state is State.SENT


def test_two_workers_send_a_mail_once(cast, smtp):
    message = thanks(cast)
    jobs.run_jobs()
    for _ in range(3):
        tasks.deliver.call_local(message.public_id)
    assert smtp.ids == [message.message_id]


def test_a_locked_database_is_waited_for_rather_than_sending_twice(cast, smtp, monkeypatch):
    monkeypatch.setattr(tasks, "BREATH", 0.1)
    database.execute_sql("PRAGMA busy_timeout = 50")
    message = thanks(cast)
    is_locked, lock = threading.Event(), threading.Thread(target=lambda: hold_write_lock(is_locked, 0.6))

    def take():
        lock.start()
        assert is_locked.wait(5)
        return "250 taken"

    smtp.data = [take]
    jobs.run_jobs()
    lock.join()
    assert again(message).state is State.SENT
    later(minutes=10)
    assert smtp.ids == [message.message_id]


def hold_write_lock(is_locked, seconds):
    with database.atomic("IMMEDIATE"):
        is_locked.set()
        time.sleep(seconds)
    database.close()


WORKER = """
import sys
from pathlib import Path
from coachbase import create_app, jobs
from coachbase.config import Config
create_app(Config(data=Path(sys.argv[1]), base_url="http://localhost"))
jobs.run_jobs()
"""


@pytest.fixture
def worker(config):
    """A worker in a process of its own, to be killed."""
    process = subprocess.Popen([sys.executable, "-c", WORKER, str(config.data)])
    yield process
    kill(process)


def kill(process):
    process.kill()
    process.wait(20)


def test_killed_between_250_and_the_commit_it_goes_out_once_more_with_the_same_id(cast, smtp, request):
    message = thanks(cast)
    taken, locked, left = threading.Event(), threading.Event(), threading.Event()

    def take():
        taken.set()
        assert locked.wait(20)
        return "250 taken"

    smtp.data, smtp.on_leaving = [take], left.set
    process = request.getfixturevalue("worker")
    assert taken.wait(20)
    with database.atomic("IMMEDIATE"):  # the worker cannot commit what it is about to hear
        locked.set()
        assert left.wait(20)
        kill(process)
    assert again(message).state is State.LEASED
    later(seconds=30)
    assert len(smtp.messages) == 1  # its lease lasts
    later(seconds=LEASE_LASTS.total_seconds() + 1)
    later(minutes=10)
    assert again(message).state is State.SENT
    assert smtp.ids == [message.message_id] * 2


def test_killed_before_the_server_took_it_nothing_is_lost(cast, smtp, request):
    messages = [thanks(cast) for _ in range(3)]
    reached, go_on = threading.Event(), threading.Event()

    def wait():
        reached.set()
        go_on.wait(20)
        return "451 too late"

    smtp.data = [wait]
    process = request.getfixturevalue("worker")
    assert reached.wait(20)
    kill(process)
    go_on.set()
    later(minutes=6)
    later(minutes=12)
    assert [again(message).state for message in messages] == [State.SENT] * 3
    assert sorted(smtp.ids) == sorted(message.message_id for message in messages)


def test_in_a_storm_of_faults_none_is_lost_and_none_doubled(cast, smtp, monkeypatch):
    monkeypatch.setattr(tasks, "PATIENCE", 0.3)
    faults = ["451 later", "drop", "250 fine", "drop after", "421 closing", "hang"]
    smtp.data = [faults[number % len(faults)] for number in range(24)]
    messages = [thanks(cast) for _ in range(12)]
    cancelled = messages.pop()
    mail.cancel(cancelled)
    for minutes in (0, 2, 10, 60, 240, 1500):
        later(minutes=minutes)
    assert sorted(smtp.ids) == sorted(message.message_id for message in messages)
    assert {again(message).state for message in messages} == {State.SENT}
    assert again(cancelled).state is State.CANCELLED


def test_what_was_called_off_while_a_killed_worker_had_it_does_not_leave_by_an_old_nudge(cast, smtp):
    message = thanks(cast)
    Message.update(state_name=State.LEASED, leased_until=clock.now(), about="a session").execute()
    mail.call_off("a session")
    jobs.run_jobs()  # the nudge from when it was queued, before the sweep has looked
    assert smtp.messages == []
    later(minutes=1)
    assert (again(message).state, smtp.messages) == (State.CANCELLED, [])
