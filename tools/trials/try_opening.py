"""JupyterLab with a user's own settings, twice at once, without a home, in the background."""

import signal
import subprocess
import sys
from pathlib import Path

from harness import Lab, environment, expect, is_root, needs, small_course, trial

CHART = "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show(); print(6 * 7)"


def works(lab):
    """Expect that a lab answers at its address, computes, and shows a chart."""
    lab.open()
    expect('"00_start_here.ipynb"' in lab.ask("/api/contents/notebooks"), *lab.printed)
    text, kinds = lab.run(CHART)
    expect("42" in text, text, *lab.printed)
    expect("image/png" in kinds, f"no chart: {text} {kinds}", *lab.printed)


@trial
def lab_computes_and_keeps_the_terminal_quiet(tmp):
    course = small_course(tmp / "course")
    with Lab(course, environment(tmp)) as lab:
        works(lab)
        code = lab.stop()
        said = "".join(lab.printed)
        expect(code == 0, said)
        expect("eavesdropping" not in said and "WARNING" not in said, said)


@trial
def two_labs_at_once(tmp):
    courses = [small_course(tmp / name) for name in ("a", "b", "c")]
    labs = [Lab(course, environment(tmp)) for course in courses]
    with labs[0], labs[1], labs[2]:
        for lab in labs:
            works(lab)
        ports = {lab.address.split("/lab")[0] for lab in labs}
        expect(len(ports) == 3, *(lab.address for lab in labs))


SETTINGS = {
    "base_url": "c.ServerApp.base_url = '/me/'",
    "certificate": "c.ServerApp.certfile = '/no/cert.pem'\nc.ServerApp.keyfile = '/no/key.pem'",
    "contents": "c.ServerApp.contents_manager_class = 'jupytext.TextFileContentsManager'",
    "kernels": "c.ServerApp.kernel_spec_manager_class = 'nb_conda_kernels.CondaKernelSpecManager'\n"
    "c.ServerApp.kernel_manager_class = 'none.Such'\nc.ServerApp.session_manager_class = 'no.No'",
    "socket": "c.ServerApp.sock = '/tmp/none.sock'\nc.ServerApp.ip = '203.0.113.7'",
    "broken": "this is not Python",
    "unknown": "import no_such_module",
    "wrong": "c.ServerApp.port_retries = 'many'",
    "only_r": "c.KernelSpecManager.allowed_kernelspecs = {'ir'}\n"
    "c.KernelSpecManager.ensure_native_kernel = False",
    "token": "c.IdentityProvider.token = 'mine'\nc.ServerApp.port = 1",
}


def try_settings(name, file):
    def function(tmp):
        (tmp / ".jupyter").mkdir()
        (tmp / ".jupyter" / file).write_text(SETTINGS[name] + "\n", encoding="utf-8")
        course = small_course(tmp / "course")
        with Lab(course, environment(tmp)) as lab:
            works(lab)

    function.__name__ = f"settings_of_the_user_{name}_in_{file.split('_')[1]}"
    return trial(function)


for name in SETTINGS:
    try_settings(name, "jupyter_server_config.py")
for name in ("base_url", "contents"):
    try_settings(name, "jupyter_lab_config.py")


@trial
def settings_by_variables(tmp):
    course = small_course(tmp / "course")
    kernels = tmp / "share/jupyter/kernels/python3"
    kernels.mkdir(parents=True)
    (kernels / "kernel.json").write_text('{"argv": ["/no/python"], "display_name": "x"}')
    env = environment(
        tmp,
        MPLBACKEND="module://backend_interagg",
        JUPYTER_TOKEN="",
        JUPYTER_PORT="1",
        JUPYTER_PORT_RETRIES="many",
        JUPYTER_NO_CONFIG="1",
        JUPYTER_PREFER_ENV_PATH="0",
        JUPYTER_CONFIG_PATH=tmp / "none",
        JUPYTER_DATA_DIR=tmp / "share/jupyter",
        JUPYTERLAB_DIR=tmp / "none",
        BROWSER="/no/browser %s",
        SHLVL="1000",
        TERM="nonsense",
        LANG="xx_XX.nonsense",
    )
    with Lab(course, env) as lab:
        works(lab)


@trial
def home_that_jupyter_cannot_write_to(tmp):
    course = small_course(tmp / "course")
    with Lab(course, environment("/dev/null/home")) as lab:
        works(lab)
        expect((course / "work/.jupyter/jupyter_runtime_dir").is_dir(), *lab.printed)


@trial
def background_job_that_ignores_ctrl_c(tmp):
    needs("signals as on Linux and macOS", sys.platform != "win32")
    course = small_course(tmp / "course")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        lab = Lab(course, environment(tmp)).__enter__()
    finally:
        signal.signal(signal.SIGINT, before)
    with lab:
        works(lab)
        expect(lab.stop() == 0, *lab.printed)


@trial
def disk_full_of_notebooks_still_opens(tmp):
    needs("Linux and root, to mount a small disk", sys.platform == "linux" and is_root())
    disk = tmp / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", disk])
    needs("the right to mount a disk", mounted.returncode == 0)
    try:
        course = small_course(disk / "course")
        with Lab(course, environment(tmp)) as lab:
            works(lab)
        Path(disk / "rest").write_bytes(b"")
        with open(disk / "rest", "wb") as file:
            try:
                while True:
                    file.write(b"x" * 65536)
            except OSError:
                pass
        with Lab(course, environment(tmp)) as lab:
            lab.open()
            expect('"00_start_here.ipynb"' in lab.ask("/api/contents/notebooks"), *lab.printed)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
