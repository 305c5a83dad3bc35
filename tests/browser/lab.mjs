// What the scenarios of run.mjs need: JupyterLab as `funnelkit lab` starts it on the first day,
// a browser that lets nothing out of the machine, and what the notebook on the screen holds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const COURSE = ['funnelkit', 'datasets', 'notebooks', 'exercises'];

/** Wait for a promise, but not for ever. */
async function within(seconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error(`${what} took more than ${seconds} s`);
    timer = setTimeout(() => reject(error), seconds * 1000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Start a copy of the course in a folder and a home of its own, so that neither the learner's
 * work nor anybody's settings are in it. Return its address and how to stop it.
 */
export async function startLab({ lesson, dark }) {
  const place = mkdtempSync(join(tmpdir(), 'funnelkit-browser-'));
  const course = join(place, 'course');
  for (const name of COURSE.filter((name) => existsSync(join(ROOT, name)))) {
    cpSync(join(ROOT, name), join(course, name), { recursive: true });
  }
  const home = join(place, 'home');
  const settings = join(home, '.jupyter/lab/user-settings/@jupyterlab/apputils-extension');
  mkdirSync(settings, { recursive: true });
  if (dark) {
    const theme = JSON.stringify({ theme: 'JupyterLab Dark' });
    writeFileSync(join(settings, 'themes.jupyterlab-settings'), theme);
  }

  const own = /^(FUNNELKIT|IPYTHON|JUPYTER|MPL|PYTHON|XDG_)/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
  Object.assign(env, { HOME: home, PYTHONPATH: course });
  const command = ['-P', '-m', 'funnelkit.app.cli', 'lab', ...(lesson ? [lesson] : []), '--no-browser'];
  // The page then shows its application model to this test.
  command.push('--LabApp.expose_app_in_browser=True');
  const server = spawn('python', command, { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(server, 'close');

  /** Press Ctrl+C. Return the exit code; null if that did not end it and it was killed. */
  async function stop() {
    server.kill('SIGINT');
    const killer = setTimeout(() => server.kill('SIGKILL'), 20_000);
    const [code] = await ended;
    clearTimeout(killer);
    rmSync(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    return code;
  }

  let printed = '';
  const found = new Promise((resolve, reject) => {
    const read = (text) => {
      printed += text;
      const address = /^ +(http:\/\/127\.0\.0\.1:\S+)$/m.exec(printed);
      if (address) resolve(address[1]);
    };
    server.stdout.setEncoding('utf8').on('data', read);
    server.stderr.setEncoding('utf8').on('data', read);
    ended.then(() => reject(new Error(`funnelkit lab ended before it gave an address: ${printed}`)));
  });
  try {
    return { address: await within(60, 'the start of funnelkit lab', found), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Start the browser. It finds no other host than this one; what it tries is seen all the same. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--disable-gpu', '--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
}

/** Open a tab. Return it, the addresses it asks for, and the errors nobody caught in it. */
export async function openTab(browser) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  const requests = [];
  const errors = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('websocket', (socket) => requests.push(socket.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  return { page, requests, errors };
}

/** Open an address and wait until the notebook is on the screen and its kernel has answered. */
export async function openNotebook(page, address) {
  await page.goto(address);
  const open = () => window.jupyterapp?.shell.currentWidget?.sessionContext;
  await page.waitForFunction(open, null, { timeout: 60_000 });
  await kernelReady(page);
}

/** Wait until the notebook in front is on the screen and its kernel has answered. */
export async function kernelReady(page) {
  const ready = page.evaluate(async () => {
    await window.jupyterapp.restored;
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.revealed;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
  });
  await within(60, 'the start of the kernel', ready);
}

/** Run every cell of the notebook in front, and wait until the last is done. */
export async function runAll(page) {
  const done = page.evaluate(() => window.jupyterapp.commands.execute('notebook:run-all-cells'));
  await within(180, 'running all cells', done);
}

/** Return the path, inside work/, of the notebook in front. */
export function pathInFront(page) {
  return page.evaluate(() => window.jupyterapp.shell.currentWidget.context.path);
}

/** Click a link of the first cell; fail unless it brings the notebook of that path to the front. */
export async function follow(page, title, path) {
  const cell = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell').first();
  await cell.getByRole('link', { name: title }).click();
  const there = (path) => window.jupyterapp.shell.currentWidget?.context?.path === path;
  await page.waitForFunction(there, path, { timeout: 30_000 });
}

/** Bring the notebook of that path, open already, back to the front. */
export function comeBack(page, path) {
  return page.evaluate((path) => {
    const { shell } = window.jupyterapp;
    const panel = [...shell.widgets('main')].find((widget) => widget.context?.path === path);
    shell.activateById(panel.id);
  }, path);
}

/** Write into cells of the notebook in front; `sources` maps their ids to what to write. */
export function write(page, sources) {
  return page.evaluate((sources) => {
    for (const { model } of window.jupyterapp.shell.currentWidget.content.widgets) {
      if (model.id in sources) model.sharedModel.setSource(sources[model.id]);
    }
  }, sources);
}

/** Return what the window shows: the panel at the left, its headings, the tabs, the pop-ups. */
export function layout(page) {
  return page.evaluate(async () => {
    // JupyterLab's own modules, by the way its bundler shares them with extensions: the page
    // gives no other access to the list of notifications.
    const chunks = Object.keys(window).find((name) => /packChunk_jupyterlab_appl/.test(name));
    let modules;
    window[chunks].push([[Symbol('look')], {}, (require) => (modules = require)]);
    const [version] = Object.values(modules.S.default['@jupyterlab/apputils']);
    const { Dialog, Notification } = (await version.get())();

    const { shell } = window.jupyterapp;
    const { currentWidget: left, collapsed } = shell.saveLayout().leftArea;
    return {
      left: !collapsed && left?.isVisible ? left.id : null,
      headings: (left?.model?.headings ?? []).map((heading) => heading.text),
      tabs: [...shell.widgets('main')].map((widget) => widget.title.label),
      popups: [
        ...Notification.manager.notifications.map((notification) => notification.message),
        ...(Dialog.tracker.size ? ['a dialog'] : []),
      ],
      light: document.body.dataset.jpThemeLight === 'true',
    };
  });
}

/**
 * Return the cells of the notebook in front: what they are, as they would be saved, and what
 * is drawn of them.
 */
export function cells(page) {
  return page.evaluate(() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const loaded = (image) => image.complete && image.naturalWidth > 0;
    const bad = 'mjx-merror, [data-mml-node="merror"], [data-mjx-error]';
    const understood = (formula) => !formula.querySelector(bad);
    return panel.model.toJSON().cells.map((cell, index) => {
      const { node } = panel.content.widgets[index];
      const all = (selector) => [...node.querySelectorAll(selector)];
      const frames = '.jp-RenderedMarkdown, .jp-OutputArea-output, .cm-scroller';
      return {
        id: cell.id,
        type: cell.cell_type,
        source: cell.source,
        tags: cell.metadata.tags ?? [],
        count: cell.execution_count,
        outputs: cell.outputs ?? [],
        drawn: {
          pictures: all('.jp-RenderedImage img').filter(loaded).length,
          diagrams: all('.jp-RenderedMermaid img').filter(loaded).length,
          formulas: all('mjx-container').filter(understood).length,
          folded: all('details:not([open])').length,
          tooWide: all(frames).some((frame) => frame.scrollWidth > frame.clientWidth + 1),
        },
      };
    });
  });
}

/** Take a picture of each screenful of the notebook in front, from top to bottom. */
export async function photograph(page, folder) {
  mkdirSync(folder, { recursive: true });
  const notebook = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer');
  await notebook.evaluate((element) => element.scrollTo(0, 0));
  for (let number = 1, more = true; more; number += 1) {
    await page.waitForTimeout(500); // for diagrams and formulas, drawn when they come into sight
    await page.screenshot({ path: join(folder, `${String(number).padStart(2, '0')}.png`) });
    more = await notebook.evaluate((element) => {
      const end = element.querySelector('.jp-Cell:last-of-type').getBoundingClientRect().bottom;
      const below = end > element.getBoundingClientRect().bottom;
      element.scrollBy(0, element.clientHeight - 60);
      return below;
    });
  }
}
