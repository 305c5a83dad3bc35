// What the pages do in the reader's browser: draw diagrams, and let the keyboard scroll.
const here = new URL('.', document.currentScript.src);

/** Whether the page is dark now: by its own switch or, where that is left alone, by the system. */
function isDark() {
  const { theme } = document.body.dataset;
  const system = window.matchMedia('(prefers-color-scheme: dark)').matches;
  return theme === 'dark' || (theme !== 'light' && system);
}

/** Draw the diagrams of the page, anew when its colours change. */
async function drawDiagrams() {
  const diagrams = [...document.querySelectorAll('pre.mermaid')];
  if (!diagrams.length) return;
  await new Promise((resolve, reject) => {
    const script = document.createElement('script');
    Object.assign(script, { src: new URL('mermaid.min.js', here), onload: resolve, onerror: reject });
    document.head.append(script);
  });
  const sources = diagrams.map((diagram) => diagram.textContent);
  let shown = null;
  async function draw() {
    if (shown === isDark()) return;
    shown = isDark();
    // Mermaid's own dark grey below the labels of arrows is too light to read them on.
    const look = shown ? { theme: 'dark', themeVariables: { edgeLabelBackground: '#222222' } } : { theme: 'default' };
    window.mermaid.initialize({ startOnLoad: false, ...look });
    diagrams.forEach((diagram, number) => {
      diagram.removeAttribute('data-processed');
      diagram.textContent = sources[number];
    });
    await window.mermaid.run({ nodes: diagrams });
    letKeysScroll();
  }
  await draw();
  new MutationObserver(draw).observe(document.body, { attributeFilter: ['data-theme'] });
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}

/** Let whoever has no mouse reach what is wider than its place, to scroll it by the arrow keys. */
function letKeysScroll() {
  const places = 'pre, .cell_output, .cell_output div, .table-wrapper, mjx-container';
  for (const place of document.querySelectorAll(places)) {
    if (place.scrollWidth > place.clientWidth + 1) place.tabIndex = 0;
    else if (place.tabIndex === 0) place.removeAttribute('tabindex');
  }
}

drawDiagrams();
window.addEventListener('load', () => {
  letKeysScroll();
  window.MathJax?.startup?.promise.then(letKeysScroll); // formulas are wide once they are drawn
});
window.addEventListener('resize', letKeysScroll);
document.addEventListener('toggle', letKeysScroll, true);
