"""The scoring service over HTTP: its answers, and what it says of wrong and hostile requests."""

import json
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig

from funnelkit import contract, school, scoring, service
from funnelkit.app import cli
from funnelkit.service import application
from tests.serving import JSON, KEY, WAIT, ask, begin, end, records, served

MODEL = school.score_model()
DESCRIPTION = service.openapi(MODEL)
LEAD = next(lead for lead in records() if lead["message"] and lead["visit_count"])
GOOD = json.dumps(LEAD).encode()
EXAMPLES = 40  # of requests that schemathesis makes up for each operation, beside its own cases


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    return MODEL.save(tmp_path_factory.mktemp("model") / "lead_model.json")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("log") / "log.txt"


@pytest.fixture(scope="module")
def port(model_file, log):
    with log.open("w") as file, served(model_file, log=file) as port:
        yield port


def valid(name, value):
    """Hold an answer to its schema in the description."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DESCRIPTION["components"]}
    jsonschema.validate(value, schema, cls=jsonschema.Draft202012Validator)
    return value


# ---------------------------------------------------------------- what it answers


def test_one_lead_gets_the_score_and_the_reasons_of_the_model(port):
    status, headers, answer = ask(port, body=GOOD)
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert valid("Answer", answer) == {"model_version": MODEL.version} | MODEL.answers([LEAD])[0]


def test_a_batch_is_answered_in_its_order_and_a_repeated_lead_twice(port):
    leads = [*records()[:200], records()[0]]
    status, _, answer = ask(port, body=json.dumps({"leads": leads}))
    assert status == 200
    valid("Answers", answer)
    assert answer["leads"] == MODEL.answers(leads)
    assert answer["leads"][0] == answer["leads"][-1]


def test_the_scores_are_those_of_the_lesson(port):
    leads = school.scored_leads().tail(50)
    wanted = dict(zip(leads["lead_id"], leads["probability"].round(4), strict=True))
    chosen = [lead for lead in records() if lead["lead_id"] in wanted]
    _, _, answer = ask(port, body=json.dumps({"leads": chosen}))
    assert {each["lead_id"]: each["score"] for each in answer["leads"]} == wanted


def test_health_tells_the_model_without_a_key(port):
    status, _, answer = ask(port, "GET", "/health", headers={})
    assert (status, valid("Health", answer)["model_version"]) == (200, "2026-01-01")


def test_the_metric_contract_is_that_of_the_course(port):
    status, _, answer = ask(port, "GET", "/metric-contract")
    assert status == 200
    table = contract.contract().reset_index()
    assert valid("Contract", answer)["metrics"] == table.to_dict("records")


def test_the_description_is_served_and_is_the_one_that_checks(port):
    assert ask(port, "GET", "/openapi.json", headers={})[2] == json.loads(json.dumps(DESCRIPTION))


def test_every_answer_says_that_it_is_not_to_be_kept(port):
    for path in ("/health", "/nothing-here"):
        headers = ask(port, "GET", path)[1]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"] == "funnelkit"


def test_one_point_nought_is_one_and_is_taken(port):
    whole = GOOD.replace(b'"webinars": %d' % LEAD["webinars"], b'"webinars": 1.0')
    assert ask(port, body=whole)[:3:2] == ask(port, body=json.dumps(LEAD | {"webinars": 1}))[:3:2]
    assert ask(port, body=whole)[0] == 200


# ---------------------------------------------------------------- wrong bodies


def changed(**fields):
    return json.dumps(LEAD | fields).encode()


def written(field, text):
    """Return a lead with the value of a field written as it is, JSON or not."""
    return changed(**{field: "@"}).replace(b'"@"', text)


def without(field):
    return json.dumps({name: value for name, value in LEAD.items() if name != field}).encode()


def batch(*leads):
    return json.dumps({"leads": leads}).encode()


# Name, body, status, where it is wrong, and a piece of what is said.
WRONG = [
    ("nothing", b"", 400, "", "not JSON from line 1, column 1"),
    ("a word", b"hello", 400, "", "not JSON"),
    ("half a lead", GOOD[:-10], 400, "", "not JSON"),
    ("two leads without a list", GOOD + GOOD, 400, "", "not JSON"),
    ("a comma too many", b'{"leads": [],}', 400, "", "not JSON"),
    ("single quotes", b"{'lead_id': 'L-1'}", 400, "", "not JSON"),
    ("a raw line end in a text", b'{"message": "a\nb"}', 400, "", "not JSON"),
    ("NaN", written("pages", b"NaN"), 400, "", "NaN is not a value of JSON"),
    ("Infinity", written("pages", b"Infinity"), 400, "", "Infinity is not a value"),
    ("minus Infinity", written("pages", b"-Infinity"), 400, "", "-Infinity is not a value"),
    ("not UTF-8", written("message", b'"caf\xe9"'), 400, "", "is not UTF-8"),
    ("UTF-16", json.dumps(LEAD).encode("utf-16"), 400, "", "is not UTF-8"),
    ("a byte order mark", b"\xef\xbb\xbf" + GOOD, 400, "", "byte order mark"),
    ("a surrogate as bytes", written("message", b'"\xed\xa0\x80"'), 400, "", "is not UTF-8"),
    ("a field twice", b'{"pages": 1, "pages": 2}', 400, "", 'the field "pages" is there twice'),
    ("the key leads twice", b'{"leads": [], "leads": []}', 400, "", '"leads" is there twice'),
    ("texts without an end", b'"' + b'\\"' * 500_000, 400, "", "not JSON"),
    ("100,000 lists in each other", b"[" * 100_000, 400, "", "more than 8 deep"),
    ("100,000 closed lists", b"[" * 100_000 + b"]" * 100_000, 400, "", "more than 8 deep"),
    ("objects in each other", b'{"a":' * 5000 + b"1" + b"}" * 5000, 400, "", "more than 8 deep"),
    ("deep inside a lead", written("pages", b"[" * 50 + b"]" * 50), 400, "", "8 deep"),
    ("a number", b"3", 422, "", "the body is 3"),
    ("null", b"null", 422, "", "the body is null"),
    ("a text", b'"lead"', 422, "", 'the body is "lead"'),
    ("a list of leads", b"[" + GOOD + b"]", 422, "", "the body is a list"),
    ("an empty object", b"{}", 422, "", "there is no 'lead_id'"),
    ("a field is missing", without("pages"), 422, "", "there is no 'pages'"),
    ("an unknown field", changed(visits=3), 422, "", 'there is no field "visits"'),
    ("a field of Python's", changed(__class__="x"), 422, "", 'there is no field "__class__"'),
    ("a surrogate as a field", written("pages", b'1, "\\ud800": 2'), 422, "", "there is no field"),
    ("a lead among its fields", changed(leads=[]), 422, "", 'there is no field "leads"'),
    ("true for a count", changed(pages=True), 422, "/pages", "pages is true"),
    ("a number as text", changed(pages="3"), 422, "/pages", 'pages is "3"'),
    ("half a page", changed(pages=1.5), 422, "/pages", "pages is 1.5"),
    ("fewer than none", changed(pages=-1), 422, "/pages", "pages is -1"),
    ("too many", changed(pages=10**7), 422, "/pages", "pages is 10000000"),
    ("1e400", written("pages", b"1e400"), 422, "/pages", "too large to compute with"),
    ("-1e400", written("pages", b"-1e400"), 422, "/pages", "too large to compute with"),
    ("5,000 digits", written("pages", b"9" * 5000), 422, "/pages", "too large to compute with"),
    ("40 digits", written("pages", b"9" * 40), 422, "/pages", "pages is 1e+40"),
    ("a count as a list", changed(pages=[1]), 422, "/pages", "pages is a list"),
    ("a count as an object", changed(pages={"$gt": 0}), 422, "/pages", "pages is an object"),
    ("null where none may be", changed(downloads=None), 422, "/downloads", "downloads is null"),
    ("another case", changed(device="Mobile"), 422, "/device", "'mobile'"),
    ("an unknown name", changed(source="radio"), 422, "/source", 'source is "radio"'),
    ("a name of SQL", changed(source="' OR 1=1 --"), 422, "/source", "source is"),
    ("a number for a name", changed(source=3), 422, "/source", "source is 3"),
    ("a number for a text", changed(message=3), 422, "/message", "message is 3"),
    ("a long text", changed(message="x" * 2001), 422, "/message", "2,001 characters"),
    ("an empty id", changed(lead_id=""), 422, "/lead_id", "letters, digits"),
    ("an address for an id", changed(lead_id="a@b.example"), 422, "/lead_id", "an id, not a name"),
    ("a path for an id", changed(lead_id="../../etc/passwd"), 422, "/lead_id", "letters, digits"),
    ("a line end after an id", changed(lead_id="L-1\n"), 422, "/lead_id", "letters, digits"),
    ("markup for an id", changed(lead_id="<script>"), 422, "/lead_id", "letters, digits"),
    ("a long id", changed(lead_id="x" * 41), 422, "/lead_id", "letters, digits"),
    ("an id of zeros", changed(lead_id="\0"), 422, "/lead_id", "letters, digits"),
    ("no lead in a batch", b'{"leads": []}', 422, "/leads", "leads has no leads"),
    ("a batch of another kind", b'{"leads": 3}', 422, "/leads", "leads is 3"),
    ("a batch of numbers", b'{"leads": [1, 2]}', 422, "/leads/0", "a lead is 1"),
    ("one wrong lead of two", batch(LEAD, LEAD | {"pages": -3}), 422, "/leads/1/pages", "is -3"),
    ("a field beside leads", b'{"leads": [], "n": 1}', 422, "", 'there is no field "n"'),
    ("501 leads", batch(*[LEAD] * 501), 422, "/leads", "501 leads, and a request may have 500"),
    ("300,000 numbers", b'{"leads": [' + b"0," * 300_000 + b"0]}", 422, "/leads", "300,001 leads"),
    ("a body too large", b" " * 2**20 + GOOD, 413, "", "more than 1,048,576 bytes"),
    ("a text too large for a body", changed(message="x" * 2**20), 413, "", "more than 1,048,576"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "where", "said"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
def test_a_wrong_body_is_told_what_is_wrong_where_and_what_to_do(port, body, status, where, said):
    got, headers, answer = ask(port, body=body)
    assert got == status == valid("Problems", answer)["status"]
    assert headers["Content-Type"] == "application/json"
    places = {problem["where"] for problem in answer["problems"]}
    assert where in places
    assert any(said in problem["what"] + problem["remedy"] for problem in answer["problems"])
    assert all(problem["remedy"] for problem in answer["problems"])
    shows_nothing_of_the_inside(answer)


def shows_nothing_of_the_inside(answer):
    text = json.dumps(answer)
    assert len(text) < 4000
    for inside in ("Traceback", "File ", ".py", "site-packages", "Error", "jsonschema"):
        assert inside not in text, answer


def test_the_table_of_wrong_bodies_is_long_enough():
    assert len(WRONG) >= 40


def test_several_things_that_are_wrong_are_told_at_once_ten_at_most(port):
    _, _, answer = ask(port, body=changed(pages=-1, device="x", webinars=True))
    assert {each["where"] for each in answer["problems"]} == {"/pages", "/device", "/webinars"}
    _, _, answer = ask(port, body=batch(*[LEAD | {"pages": -1}] * 30))
    assert (len(answer["problems"]), answer["more"]) == (10, 20)


def test_what_a_person_wrote_is_not_repeated_in_a_message(port):
    _, _, answer = ask(port, body=changed(message="my number is 0601 " * 300))
    assert "0601" not in json.dumps(answer)


# ---------------------------------------------------------------- wrong requests


FORM = "application/x-www-form-urlencoded"
LATIN = "application/json; charset=latin-1"
REQUESTS = [
    ("no key", "POST", "/score", {"X-API-Key": None}, 401, "there is no key"),
    ("a wrong key", "POST", "/score", {"X-API-Key": "wrong"}, 401, "the key is wrong"),
    ("an empty key", "POST", "/score", {"X-API-Key": ""}, 401, "there is no key"),
    ("a longer key", "POST", "/score", {"X-API-Key": KEY + "x"}, 401, "the key is wrong"),
    ("a shorter key", "POST", "/score", {"X-API-Key": KEY[:-1]}, 401, "the key is wrong"),
    ("a key in Latin-1", "POST", "/score", {"X-API-Key": "clé"}, 401, "the key is wrong"),
    ("no key, no JSON", "POST", "/score", {"X-API-Key": None, "Content-Type": "a/b"}, 401, "key"),
    ("the contract without key", "GET", "/metric-contract", {"X-API-Key": None}, 401, "no key"),
    ("a form", "POST", "/score", {"Content-Type": FORM}, 415, "said to be"),
    ("plain text", "POST", "/score", {"Content-Type": "text/plain"}, 415, "text/plain"),
    ("no type", "POST", "/score", {"Content-Type": None}, 415, "not said to be JSON"),
    ("an odd type", "POST", "/score", {"Content-Type": "application/json+x"}, 415, "said to be"),
    ("another charset", "POST", "/score", {"Content-Type": LATIN}, 415, "UTF-8"),
    ("compressed", "POST", "/score", {"Content-Encoding": "gzip"}, 415, "compressed"),
    ("no such path", "GET", "/nothing", {}, 404, "nothing at this path"),
    ("a path out of the folder", "GET", "/../../etc/passwd", {}, 404, "nothing at this path"),
    ("the same in disguise", "GET", "/%2e%2e/%2e%2e/etc/passwd", {}, 404, "nothing at this path"),
    ("a static file", "GET", "/static/app.js", {}, 404, "nothing at this path"),
    ("a stroke at the end", "POST", "/score/", {}, 404, "nothing at this path"),
    ("a path that goes back", "POST", "/health/../score", {}, 404, "nothing at this path"),
    ("a zero in the path", "GET", "/health%00", {}, 404, "nothing at this path"),
    ("GET for a score", "GET", "/score", {}, 405, "use POST"),
    ("PUT for a score", "PUT", "/score", {}, 405, "use POST"),
    ("DELETE for a score", "DELETE", "/score", {}, 405, "use POST"),
    ("TRACE", "TRACE", "/score", {}, 405, "use POST"),
    ("POST for health", "POST", "/health", {}, 405, "use GET"),
    ("a method of one's own", "FROBNICATE", "/score", {}, 405, "use POST"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "said"),
    [r[1:] for r in REQUESTS],
    ids=[r[0] for r in REQUESTS],
)
def test_a_wrong_request_is_refused_in_the_same_form(port, method, path, more, status, said):
    headers = {name: value for name, value in (JSON | more).items() if value is not None}
    got, answered, answer = ask(port, method, path, GOOD, headers)
    assert got == status == valid("Problems", answer)["status"]
    assert said in answer["problems"][0]["what"] + answer["problems"][0]["remedy"]
    shows_nothing_of_the_inside(answer)
    assert ("Allow" in answered) == (status == 405)
    assert ("WWW-Authenticate" in answered) == (status == 401)


def test_options_and_head_are_answered_as_http_has_it(port):
    status, headers, content = ask(port, "HEAD", "/health", headers={})
    assert (status, content) == (200, None)
    assert int(headers["Content-Length"]) > 0
    for path, methods in {"/score": "OPTIONS, POST", "/health": "GET, HEAD, OPTIONS"}.items():
        status, headers, _ = ask(port, "OPTIONS", path, headers={})
        assert (status, headers["Allow"]) == (200, methods)


def raw(port, *pieces):
    """Send bytes as they are; return the answers until the service closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as connection:
        for piece in pieces:
            connection.sendall(piece)
        with suppress(OSError):  # the service may have closed it already
            connection.shutdown(socket.SHUT_WR)
        found = b""
        while piece := connection.recv(65536):
            found += piece
    return found


def request(*headers, body=GOOD, line=b"POST /score HTTP/1.1"):
    key = b"X-API-Key: " + KEY.encode()
    lines = [line, b"Host: x", key, b"Content-Type: application/json", *headers]
    return b"\r\n".join([*lines, b"", body])


def chunks(*bodies):
    return b"".join(b"%x\r\n%s\r\n" % (len(body), body) for body in (*bodies, b""))


def content(answer):
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def test_a_body_in_chunks_without_a_length_is_taken(port):
    body = chunks(GOOD[:20], GOOD[20:])
    found = raw(port, request(b"Transfer-Encoding: chunked", b"Connection: close", body=body))
    assert found.startswith(b"HTTP/1.1 200 ")
    assert content(found)["score"] == MODEL.answers([LEAD])[0]["score"]


def test_a_body_in_chunks_has_the_same_limit(port):
    body = chunks(*[b" " * 2**16] * 17, GOOD)
    found = raw(port, request(b"Transfer-Encoding: chunked", b"Connection: close", body=body))
    assert found.startswith(b"HTTP/1.1 413 ")
    valid("Problems", content(found))


STRANGE = [
    ("a length that is none", request(b"Content-Length: many"), b"400"),
    ("a negative length", request(b"Content-Length: -5"), b"400"),
    ("two lengths", request(b"Content-Length: 5", b"Content-Length: 6"), b"400"),
    ("chunks of no size", request(b"Transfer-Encoding: chunked", body=b"zz\r\n"), b"400"),
    ("another coding", request(b"Transfer-Encoding: gzip"), b"501"),
    ("a header without a name", request(b": x"), b"400"),
    ("a line end in a header", request(b"X-Note: a\nSet-Cookie: b"), b"400"),
    ("a zero in a header", request(b"X-Note: a\0b", b"Content-Length: 0", body=b""), b"400"),
    ("a header too long", request(b"X-Note: " + b"a" * 20_000)[: 2**14], b"431"),
    ("a huge length", request(b"Content-Length: 99999999999"), b"413"),
    ("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "status"), [s[1:] for s in STRANGE], ids=[s[0] for s in STRANGE])
def test_what_is_not_http_is_refused_in_the_same_form(port, sent, status):
    found = raw(port, sent)
    assert found.split(b" ")[1] == status
    answer = valid("Problems", content(found))
    shows_nothing_of_the_inside(answer)
    assert b"waitress" not in found
    assert b"Set-Cookie" not in found


def test_clients_that_never_end_their_request_do_not_keep_others_from_an_answer(port):
    slow = [socket.create_connection(("127.0.0.1", port), timeout=WAIT) for _ in range(60)]
    try:
        for connection in slow:
            connection.sendall(request(b"Content-Length: %d" % len(GOOD), body=GOOD[:30]))
        assert ask(port, body=GOOD)[0] == 200
        # Whoever goes on after all gets an answer.
        slow[7].sendall(GOOD[30:])
        assert slow[7].recv(65536).startswith(b"HTTP/1.1 200 ")
    finally:
        for connection in slow:
            connection.close()


# ---------------------------------------------------------------- what it keeps to itself


def test_the_log_has_a_line_per_request_and_no_personal_data(port, log):
    message = "Please call Ann on 0601-555"
    ask(port, body=changed(lead_id="lead-of-ann", message=message))
    ask(port, body=changed(lead_id="ann@example.org"))
    ask(port, "GET", "/score?email=ann@example.org")
    ask(port, "GET", "/leads/ann@example.org", headers=JSON | {"User-Agent": "ann"})
    written = log.read_text()
    assert re.search(r"POST /score 200, leads: 1, [\d.]+ ms", written)
    assert "(no such path) 404" in written
    for personal in ("ann", "0601", KEY, "127.0.0.1", LEAD["lead_id"]):
        assert personal not in written


def test_a_fault_of_the_program_is_answered_without_its_inside(monkeypatch, caplog):
    def fail(leads):
        raise RuntimeError(f"secret of {leads[0]['lead_id']}")

    model = scoring.LeadModel.from_parameters("b", MODEL.parameters_)
    monkeypatch.setattr(model, "answers", fail)
    client = service.make_app(model, key=KEY).test_client()
    response = client.post("/score", data=GOOD, headers=JSON)
    assert response.status_code == 500
    shows_nothing_of_the_inside(valid("Problems", response.get_json()))
    assert "RuntimeError in test_service.py" in caplog.text
    assert "secret" not in caplog.text and LEAD["lead_id"] not in caplog.text


def test_the_key_is_not_kept_and_not_repeated():
    app = service.make_app(MODEL, key=KEY)
    assert KEY not in str(vars(app)) + str(app.config)
    with pytest.raises(ValueError, match="16 letters") as caught:
        service.make_app(MODEL, key="short-secret")
    assert "short-secret" not in str(caught.value)
    with pytest.raises(ValueError, match="outside ASCII"):
        service.make_app(MODEL, key="a key with spaces in it")


def test_importing_the_course_loads_none_of_what_the_service_needs():
    code = (
        "import funnelkit, sys; funnelkit.scoring, funnelkit.school; import funnelkit.app.cli;"
        "print({'flask', 'waitress', 'jsonschema', 'werkzeug', 'sklearn'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


# ---------------------------------------------------------------- the description, by schemathesis


# The plugin's own way to a service that a fixture starts, `from_fixture`, needs an older pytest.
GENERATION = GenerationConfig(deterministic=True, max_examples=EXAMPLES)
CONFIG = SchemathesisConfig(
    projects=ProjectsConfig(default=ProjectConfig(generation=GENERATION)), seed=1
)
described = schemathesis.openapi.from_dict(json.loads(json.dumps(DESCRIPTION)), config=CONFIG)


@described.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_service_keeps_to_its_description(case, port):
    case.call_and_validate(base_url=f"http://127.0.0.1:{port}", headers={"X-API-Key": KEY})


# ---------------------------------------------------------------- the command


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_stops_cleanly(model_file, number):
    process, port = begin(model_file)
    assert ask(port, "GET", "/health", headers={})[0] == 200
    assert end(process, number) == (0, "Stopped.\n")


def serve(capsys, *arguments):
    code = cli.main(["serve", *map(str, arguments)])
    return code, capsys.readouterr().err


def test_a_port_that_is_taken_is_said_in_a_sentence(model_file, port, monkeypatch, capsys):
    monkeypatch.setenv("FUNNELKIT_KEY", KEY)
    code, said = serve(capsys, model_file, "--port", port)
    assert code == 1
    assert said == f"funnelkit: port {port} is in use: choose another, or stop what uses it\n"


def test_without_a_key_the_command_says_how_to_make_one(model_file, monkeypatch, capsys):
    monkeypatch.delenv("FUNNELKIT_KEY", raising=False)
    code, said = serve(capsys, model_file)
    assert code == 1
    assert "there is no key" in said and "secrets.token_urlsafe(32)" in said


def test_a_bad_key_is_refused_and_not_printed(model_file, tmp_path, capsys):
    (tmp_path / "key.txt").write_text("tooshort")
    code, said = serve(capsys, model_file, "--key-file", tmp_path / "key.txt")
    assert code == 1
    assert "key has 8 characters" in said and "tooshort" not in said


def test_a_model_of_another_form_is_refused_at_the_start(model_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FUNNELKIT_KEY", KEY)
    other = tmp_path / "other.json"
    other.write_text(model_file.read_text().replace('"form": 1', '"form": 2'))
    code, said = serve(capsys, other)
    assert code == 1
    assert "other.json is a model of form 2" in said


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--host", "localhost"]])
def test_an_address_that_cannot_be_is_refused(model_file, monkeypatch, capsys, arguments):
    monkeypatch.setenv("FUNNELKIT_KEY", KEY)
    code, said = serve(capsys, model_file, *arguments)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"funnelkit: {arguments[0].strip('-')} is ")


def test_the_service_listens_on_this_machine_alone_unless_told_otherwise():
    with service.start(MODEL, key=KEY) as address:
        assert address.startswith("http://127.0.0.1:")
        assert application.LOG.name == "funnelkit.service"
