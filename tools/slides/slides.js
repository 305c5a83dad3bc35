// Starts reveal.js, draws diagrams, and lets MathJax set the formulas of all slides at once.
/* global Reveal, RevealNotes, mermaid */

// The size of letters does not depend on whether a slide is on the screen.
window.MathJax = {
  tex: { inlineMath: [['\\(', '\\)']], displayMath: [['$$', '$$']] },
  chtml: { matchFontHeight: false, displayAlign: 'left' },
  options: { ignoreHtmlClass: 'reveal|notes', processHtmlClass: 'math', enableMenu: false },
  startup: {
    pageReady: () => window.MathJax.startup.defaultPageReady().then(() => { window.slidesReady = drawn.then(() => true); }),
  },
};

const drawn = Reveal.initialize({
  width: 1280, height: 720, margin: 0, minScale: 0.1, maxScale: 4,
  center: false, hash: true, controls: false, slideNumber: 'c/t', transition: 'none',
  navigationMode: 'linear', pdfMaxPagesPerSlide: 1, pdfSeparateFragments: false,
  plugins: [RevealNotes],
}).then(draw);

async function draw() {
  const all = document.querySelectorAll('pre.mermaid');
  if (!all.length) return;
  // Close together, so that a long chain keeps letters that the last row can read.
  const flowchart = { rankSpacing: 30, nodeSpacing: 30, padding: 8 };
  const themeVariables = { fontSize: '24px' };
  mermaid.initialize({ startOnLoad: false, theme: 'neutral', themeVariables, flowchart });
  for (const [number, pre] of all.entries()) {
    const { svg } = await mermaid.render(`diagram-${number}`, pre.textContent);
    pre.innerHTML = svg;
  }
}
