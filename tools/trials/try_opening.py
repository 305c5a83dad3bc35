"""JupyterLab with a user's own settings, twice at once, without a home, in the background."""

import subprocess
import sys

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
def lab_ends_in_good_order_and_keeps_the_terminal_quiet(tmp):
    (tmp / ".ipython").mkdir()  # of which Jupyter would bring settings of 2014 over
    with Lab(small_course(tmp / "course"), environment(tmp)) as lab:
        works(lab)
        code = lab.stop()
        said = "".join(lab.printed)
        expect(code == 0, said)
        expect("eavesdropping" not in said and "WARNING" not in said, said)
    written = [*(tmp / ".jupyter").rglob("*")]
    expect(not written, "something was written into the user's settings:", *written)


@trial
def two_labs_in_one_moment(tmp):
    labs = [Lab(small_course(tmp / name), environment(tmp)) for name in "ab"]
    with labs[0], labs[1]:
        for lab in labs:
            lab.open()
            expect('"00_start_here.ipynb"' in lab.ask("/api/contents/notebooks"), *lab.printed)
        expect(labs[0].address.split("/lab")[0] != labs[1].address.split("/lab")[0], "one port")


def with_settings(tmp, file, text):
    """Return a lab whose user has settings in a file."""
    (tmp / ".jupyter").mkdir()
    (tmp / ".jupyter" / file).write_text(text, encoding="utf-8")
    return Lab(small_course(tmp / "course"), environment(tmp))


@trial
def settings_of_the_users_server(tmp):
    settings = """
c.ServerApp.base_url = "/me/"
c.ServerApp.certfile = "/no/cert.pem"
c.ServerApp.keyfile = "/no/key.pem"
c.ServerApp.contents_manager_class = "jupytext.TextFileContentsManager"
c.ServerApp.kernel_spec_manager_class = "nb_conda_kernels.CondaKernelSpecManager"
c.ServerApp.kernel_manager_class = "no.Such"
c.ServerApp.session_manager_class = "no.Such"
c.ServerApp.sock = "/no/such.sock"
c.ServerApp.ip = "203.0.113.7"
c.ServerApp.port = 1
c.ServerApp.port_retries = 7
c.ServerApp.root_dir = "/no/such/folder"
c.ServerApp.open_browser = True
c.ServerApp.password = "argon2:nonsense"
c.ServerApp.jpserver_extensions = {"no_such_extension": True}
c.IdentityProvider.token = "mine"
c.KernelSpecManager.allowed_kernelspecs = {"ir"}
c.KernelSpecManager.ensure_native_kernel = False
c.MappingKernelManager.default_kernel_name = "ir"
"""
    with with_settings(tmp, "jupyter_server_config.py", settings) as lab:
        works(lab)


@trial
def settings_of_the_users_lab(tmp):
    settings = """
c.ServerApp.base_url = "/me/"
c.ServerApp.contents_manager_class = "jupytext.TextFileContentsManager"
c.LabApp.app_dir = "/no/such/folder"
c.LabApp.default_url = "/tree"
"""
    with with_settings(tmp, "jupyter_lab_config.py", settings) as lab:
        works(lab)


@trial
def settings_that_are_not_python(tmp):
    with with_settings(tmp, "jupyter_server_config.py", "import no_such_module\n") as lab:
        lab.open()
        lab.ask("/api/contents/notebooks")


@trial
def settings_that_jupyter_refuses(tmp):
    with with_settings(tmp, "jupyter_config.py", "c.ServerApp.allow_origin = 5\n") as lab:
        lab.open()
        lab.ask("/api/contents/notebooks")


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
        NO_PROXY="",
    )
    with Lab(course, env) as lab:
        works(lab)


@trial
def home_that_jupyter_cannot_write_to_and_a_job_that_ignores_ctrl_c(tmp):
    needs("signals as on Linux and macOS", sys.platform != "win32")
    course = small_course(tmp / "course")
    with Lab(course, environment("/dev/null/home"), ignore_ctrl_c=True) as lab:
        works(lab)
        expect((course / "work/.jupyter/jupyter_runtime_dir").is_dir(), *lab.printed)
        expect(lab.stop() == 0, *lab.printed)


@trial
def disk_that_became_full(tmp):
    needs("Linux and root, to mount a small disk", sys.platform == "linux" and is_root())
    disk = tmp / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", disk])
    needs("the right to mount a disk", mounted.returncode == 0)
    try:
        course = small_course(disk / "course")
        with Lab(course, environment(tmp)) as lab:
            lab.open()
        first = course / "notebooks/00_start_here.ipynb"
        first.write_bytes(first.read_bytes().replace(b"Start here", b"Start anew", 1))
        with open(disk / "rest", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        with Lab(course, environment(tmp)) as lab:
            lab.open()
            expect("00_start_here.ipynb cannot be written" in "".join(lab.printed), *lab.printed)
            expect('"00_start_here.ipynb"' in lab.ask("/api/contents/notebooks"), *lab.printed)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)
