"""Coming in, going out, and who may run the team."""


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
