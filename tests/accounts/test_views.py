"""Coming in, going out, and who may run the team."""

from tests.cast import PASSWORD


def test_a_stranger_is_asked_to_sign_in_and_then_led_on(stranger, cast):
    answer = stranger.get("/settings/team")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Fsettings%2Fteam"


def test_wrong_password_and_unknown_account_look_the_same(stranger, cast):
    wrong = stranger.post("/sign-in", data={"email": "olive@northbank.example", "password": "wrong password"})
    unknown = stranger.post("/sign-in", data={"email": "ghost@northbank.example", "password": "wrong password"})
    assert wrong.status_code == unknown.status_code == 422
    assert wrong.text.replace("olive", "ghost") == unknown.text


def test_each_page_of_the_account_opens(olive):
    for path in ("/account", "/settings/team", "/settings/team/invite", "/settings/firm"):
        assert olive.get(path).status_code == 200, path


def test_an_assistant_does_not_run_the_team(vera):
    assert vera.get("/settings/team").status_code == 404


def test_ten_wrong_passwords_close_the_account_for_a_while_and_right_ones_never_do(stranger, cast):
    right = {"email": "alice@northbank.example", "password": PASSWORD}
    assert [stranger.post("/sign-in", data=right).status_code for _ in range(12)] == [303] * 12
    wrong = right | {"password": "not the password"}
    answers = [stranger.post("/sign-in", data=wrong).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    assert stranger.post("/sign-in", data=right).status_code == 429


def test_who_keeps_trying_links_that_do_not_work_is_told_to_wait(stranger, cast):
    answers = [stranger.get(f"/p/invitation/open/{number}").status_code for number in range(61)]
    assert answers == [404] * 60 + [429]
