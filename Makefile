# Short names for what this project does. `make lab` and `make test` are `python start.py lab`
# and `python start.py test`, for those who have make; nothing else is needed on the machine.
#
#   make test PYTHON=3.12     the tests on another Python, in an environment of its own
#   make test ARGS="-k wilson"    what follows ARGS= is passed on

PYTHON :=
ARGS :=

# The Python to start with: python3, or, for PYTHON=3.12, python3.12 or one that pyenv has.
# Each is run before it is chosen, since pyenv puts stand-ins for absent Pythons on PATH.
ifeq ($(PYTHON),)
RUN := python3
else
RUN := $(shell for p in python$(PYTHON) "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$(PYTHON)*/bin/python; \
	do "$$p" -c "" 2>/dev/null && echo "$$p" && break; done)
ifeq ($(RUN),)
$(error There is no Python $(PYTHON) on this machine: install it, or choose another with PYTHON=)
endif
endif
START := "$(RUN)" start.py

.PHONY: help lab test trials render navigation check exercises prove kit mutants renumber lock bench extras browser site pages slides show

help:  ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile

lab:  ## open the lessons in JupyterLab
	$(START) lab $(ARGS)

test:  ## run every test
	$(START) test $(ARGS)

trials:  ## try the course in awkward places (ARGS=mirror for some)
	$(START) trials $(ARGS)

render:  ## run the notebooks and store their outputs (ARGS=02 for one)
	$(START) run python -m tools.notebooks render $(ARGS)

navigation:  ## write the notebooks' navigation and the course map from their metadata
	$(START) run python -m tools.notebooks navigation

check:  ## say which notebooks are not as they should be
	$(START) run python -m tools.notebooks check $(ARGS)

exercises:  ## make the learner's notebooks from the solutions
	$(START) run python -m tools.notebooks exercises $(ARGS)

prove:  ## run the exercises and hold each task to its promises
	$(START) run python -m tools.notebooks prove $(ARGS)

kit:  ## write the trainers' kit, docs/kit, with its answer key
	$(START) run python -m tools.kit

mutants:  ## try wrong ways of working on each task, and say which pass
	$(START) run python -m tools.notebooks mutants $(ARGS)

renumber:  ## give lessons other numbers (ARGS="03:04 04:05")
	$(START) run python -m tools.renumber $(ARGS)

# No header, since it would write down the machine it ran on. The learner's pins come first;
# the tests add to them and share them.
lock:  ## renew requirements.lock and requirements-dev.lock
	$(START) run uv pip compile --quiet --universal --upgrade --no-header pyproject.toml \
		--output-file requirements.lock
	$(START) run uv pip compile --quiet --universal --upgrade --no-header pyproject.toml \
		--group test --constraint requirements.lock --output-file requirements-dev.lock

bench:  ## measure the speed beside other tools (ARGS=experiments or another of its names for the others)
	$(START) bench $(ARGS)

extras:  ## test what needs more than the course installs
	$(START) extras $(ARGS)

browser:  ## try the course in a real JupyterLab and Chromium (ARGS=02 for one lesson)
	npm ci --silent --no-audit --no-fund --prefix tests/browser
	$(START) run node tests/browser/run.mjs $(ARGS)

site:  ## make web pages of the course, in build/site/html (it needs npm)
	$(START) site $(ARGS)

pages: site  ## make the site, and look at every page of it in Chromium
	npm ci --silent --no-audit --no-fund --prefix tests/browser
	node tests/browser/site.mjs

slides:  ## make slides of the lessons, in build/slides (ARGS=02 for one; ARGS=mark, ARGS=check)
	$(START) slides $(ARGS)

show: slides  ## make the slides, and look at every one of them in Chromium
	npm ci --silent --no-audit --no-fund --prefix tests/browser
	node tests/browser/slides.mjs
