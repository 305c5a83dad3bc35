"""The scoring service under load: many clients at once, killed and started again, stopped."""

import http.client
import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from funnelkit import school
from tests.serving import JSON, WAIT, ask, begin, end, records, served

MODEL = school.score_model()
CLIENTS = 50


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    return MODEL.save(tmp_path_factory.mktemp("model") / "lead_model.json")


def right(lead):
    return {"model_version": MODEL.version} | MODEL.answers([lead])[0]


def test_fifty_clients_at_once_all_get_the_scores_of_the_model(model_file):
    with served(model_file) as port:
        ready = threading.Barrier(CLIENTS)

        def client(number):
            """Ask for six leads over one connection."""
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
            ready.wait(WAIT)
            found = []
            for lead in records()[number::CLIENTS][:6]:
                connection.request("POST", "/score", json.dumps(lead), JSON)
                response = connection.getresponse()
                found.append((response.status, json.loads(response.read()), lead))
            connection.close()
            return found

        with ThreadPoolExecutor(CLIENTS) as pool:
            found = [each for client in pool.map(client, range(CLIENTS)) for each in client]
    assert len(found) == 6 * CLIENTS
    assert [status for status, _, _ in found] == [200] * len(found)
    assert all(answer == right(lead) for _, answer, lead in found)


def test_killed_under_load_and_started_again_no_score_is_wrong_lost_or_half(model_file):
    leads, answers, failures = records()[:400], {}, []
    process, port = begin(model_file)
    enough = threading.Semaphore(0)

    def client(lead):
        """Ask until there is an answer, as a client with retries does."""
        while True:
            try:
                status, _, answer = ask(port, body=json.dumps(lead))
                break
            except (OSError, http.client.HTTPException) as error:
                failures.append(error)
                time.sleep(0.02)
        answers.setdefault(lead["lead_id"], []).append((status, answer))
        enough.release()

    with ThreadPoolExecutor(16) as pool:
        for lead in leads:
            pool.submit(client, lead)
        for _ in range(2):
            for _ in range(100):
                assert enough.acquire(timeout=WAIT)
            process.kill()
            process.communicate()
            process, _ = begin(model_file, port=port)
    assert failures, "nobody noticed that the service was killed"
    assert answers == {lead["lead_id"]: [(200, right(lead))] for lead in leads}
    assert end(process)[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_under_load_it_finishes_the_answers_that_it_gives(model_file, number):
    batch = {"leads": records()[:300]}
    wanted = {"model_version": MODEL.version, "leads": MODEL.answers(batch["leads"])}
    process, port = begin(model_file)
    first = threading.Event()

    def client(place):
        try:
            status, _, answer = ask(port, body=json.dumps(batch))
        except http.client.IncompleteRead:
            return "half an answer"
        except (OSError, http.client.HTTPException):
            return "no answer"
        first.set()
        return "right" if (status, answer) == (200, wanted) else "wrong"

    with ThreadPoolExecutor(12) as pool:
        found = pool.map(client, range(24))
        assert first.wait(WAIT)
        code, said = end(process, number)
    assert (code, said) == (0, "Stopped.\n")
    found = list(found)
    assert set(found) <= {"right", "no answer"} and "right" in found


def test_a_model_that_is_replaced_is_read_at_the_next_start(model_file, tmp_path):
    path = tmp_path / "model.json"
    other = type(MODEL).from_parameters("b", MODEL.parameters_)
    MODEL.save(path)
    process, port = begin(path)
    other.save(path)
    assert ask(port, "GET", "/health")[2]["model_version"] == MODEL.version
    assert end(process)[0] == 0
    with served(path) as port:
        assert ask(port, "GET", "/health")[2]["model_version"] == "b"
