"""How the page looks, on a screen, on a telephone and on paper; with the fonts that are there."""

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #222;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .8rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem;
  border-bottom: 2px solid #0072B2; }
h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
header ul { list-style: none; padding: 0; margin: 0; color: #444; }
p, li { overflow-wrap: anywhere; }
figure { margin: 1rem 0; }
img { display: block; width: 100%; height: auto; }
figcaption, footer { color: #595959; font-size: .9em; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
  font-size: .92em; }
caption { text-align: left; color: #595959; padding-bottom: .3rem; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid #ddd; text-align: right;
  vertical-align: top; }
td, .week { white-space: nowrap; }
.said, th.said { white-space: normal; text-align: left; overflow-wrap: break-word;
  min-width: 9rem; }
th:first-child { text-align: left; padding-left: 0; }
tbody th { font-weight: 600; overflow-wrap: break-word; max-width: 18rem; }
thead th { border-bottom: 2px solid #888; font-weight: 600; vertical-align: bottom; }
.memo dt { font-weight: 600; margin-top: .8rem; }
.memo dd { margin: 0; min-height: 1.9rem; border-bottom: 1px solid #222; }
footer { margin-top: 2.5rem; border-top: 1px solid #ddd; padding-top: .6rem; }
@media (max-width: 30rem) {
  main { padding: 1rem .8rem 2rem; }
  table { font-size: .82em; }
  th, td { padding: .25rem .35rem; }
}
@media print {
  @page { margin: 18mm; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  figure, tr, .memo { break-inside: avoid; }
  .wide { overflow: visible; }
  img { max-width: 13cm; }
}
"""
