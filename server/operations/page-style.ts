/** The whole style of the page. Colours meet a contrast of 4.5 to 1 in both schemes. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f5f4; --card: #fff; --ink: #1d1f23; --soft: #5a6068; --line: #d9d8d6; --accent: #8c101c;
  --succeeded: #1a7f4b; --failed: #c02032; --cancelled: #6a7079; --lost: #8a5a00; --running: #1b62b8; --waiting: #5a5fa8;
  --slot: #eceae8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --card: #1d2026; --ink: #e9eaec; --soft: #a4abb5; --line: #363b44; --accent: #ff8f98;
    --succeeded: #4fce8d; --failed: #ff7b86; --cancelled: #a4abb5; --lost: #e7b04a; --running: #7db7ff; --waiting: #b3b7ff;
    --slot: #262a31;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 80rem; margin: 0 auto; padding: 0 1rem 3rem; }
h1 { font-size: 1.25rem; margin: 0; color: var(--accent); }
h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
h3 { font-size: .95rem; margin: .2rem 0; }
p { margin: .3rem 0; overflow-wrap: anywhere; }
small, .empty, .axis { color: var(--soft); font-size: .85em; }
a, .link { color: var(--running); overflow-wrap: anywhere; }
button, input, select { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: 6px; padding: .3rem .6rem; min-height: 2.1rem; max-width: 100%; }
button { cursor: pointer; }
.link { border: 0; padding: 0; background: none; text-decoration: underline; text-align: left; min-height: 0; }
:focus-visible { outline: 3px solid var(--running); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .8rem; z-index: 2; }
.top { display: flex; flex-wrap: wrap; gap: .4rem .9rem; align-items: center; max-width: 80rem; margin: 0 auto; padding: .8rem 1rem; }
.top nav { margin-left: auto; display: flex; gap: .8rem; align-items: center; }
.connection::before { content: ""; display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; margin-right: .4rem; background: var(--lost); }
.connection.live::before { background: var(--succeeded); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1rem; margin-bottom: 1rem; min-width: 0; }
.glance { list-style: none; display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .7rem; padding: 0; margin: 0 0 1rem; }
.glance a { display: block; height: 100%; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .6rem .9rem; color: var(--soft); text-decoration: none; font-size: .9rem; }
.glance strong { display: block; font-size: 1.6rem; line-height: 1.2; color: var(--ink); }
.glance .bad a { border-color: var(--failed); }
.glance .bad strong { color: var(--failed); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 1.2rem; }
.columns { columns: 2 26rem; column-gap: 1rem; }
.columns > section { break-inside: avoid; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; display: flex; flex-wrap: wrap; gap: .1rem .8rem; align-items: baseline; }
.legend { font-weight: 400; font-size: .85rem; display: flex; flex-wrap: wrap; gap: 0 .8rem; color: var(--soft); }
.swatch { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .3rem; }
svg { display: block; width: 100%; }
.chart svg { height: 6rem; margin-top: .5rem; }
.slot { fill: var(--slot); }
rect.succeeded, rect.done { fill: var(--succeeded); } rect.failed { fill: var(--failed); } rect.cancelled { fill: var(--cancelled); } rect.lost, rect.unknown { fill: var(--lost); }
.swatch.succeeded, .swatch.done { background: var(--succeeded); } .swatch.failed { background: var(--failed); } .swatch.cancelled { background: var(--cancelled); } .swatch.lost, .swatch.unknown { background: var(--lost); }
.axis { display: flex; justify-content: space-between; }
details summary { cursor: pointer; color: var(--soft); font-size: .85rem; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; }
th, td { text-align: left; padding: .2rem .5rem .2rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { overflow-wrap: normal; font-weight: 600; }
.sparklines { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.sparkline small { font-weight: 400; }
.sparkline svg { height: 2.6rem; }
.sparkline polyline { fill: none; stroke: var(--running); stroke-width: 2; vector-effect: non-scaling-stroke; }
.filters { display: flex; flex-wrap: wrap; gap: .5rem .8rem; align-items: end; margin-bottom: .6rem; }
.filters label { display: grid; font-size: .8rem; color: var(--soft); min-width: 0; }
.filters label:first-child { flex: 1 1 14rem; }
.filters input, .filters select { color: var(--ink); font-size: .95rem; width: 100%; }
.count { margin-left: auto; color: var(--soft); }
.row { display: grid; grid-template-columns: 2fr 1.8fr 1.4fr 9.5rem 1.3fr 4.5rem; gap: .7rem; padding: .35rem 0; border-top: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 2.2rem; }
.row > span { overflow-wrap: anywhere; min-width: 0; }
.row.head { color: var(--soft); font-size: .8rem; border-top: 0; }
.reason { display: block; max-height: 3em; overflow: hidden; }
.status { display: inline-block; padding: 0 .5rem; border: 1px solid currentColor; border-radius: 99px; font-size: .82rem; line-height: 1.5; white-space: nowrap; }
.status.succeeded { color: var(--succeeded); } .status.failed { color: var(--failed); } .status.cancelled { color: var(--cancelled); }
.status.lost { color: var(--lost); } .status.running { color: var(--running); } .status.waiting { color: var(--waiting); }
.fault { color: var(--failed); overflow-wrap: anywhere; }
.more { margin-top: .8rem; width: 100%; }
.cards, .lines { list-style: none; margin: 0; padding: 0; }
.card, .lines li { padding: .5rem 0; border-top: 1px solid var(--line); }
.card:first-child, .lines li:first-child { border-top: 0; padding-top: 0; }
meter { display: block; width: 100%; }
dialog { width: min(46rem, calc(100vw - 1rem)); max-height: calc(100vh - 2rem); color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.2rem; overflow: auto; }
dialog::backdrop { background: #0009; }
dialog header { display: flex; justify-content: space-between; gap: 1rem; align-items: start; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.events, .path { padding-left: 1.4rem; margin: .3rem 0; }
.sign-in { max-width: 22rem; margin: 12vh auto 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.5rem; }
.sign-in label, .sign-in input, .sign-in button, .sign-in select { display: block; width: 100%; margin-top: .6rem; }
p.empty { padding: .3rem 0; }
body > #app > p.empty { padding: 2rem; text-align: center; }
@media (max-width: 44rem) {
  .row.head { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .row { grid-template-columns: minmax(0, 1fr) max-content; gap: 0 .8rem; padding: .5rem 0; contain-intrinsic-size: auto 5rem; }
  .row > .name { font-weight: 600; }
  .row > .name { grid-area: 1 / 1; } .row > .pipeline { grid-area: 2 / 1; } .row > .since { grid-area: 2 / 2; }
  .row > .flow { grid-area: 3 / 1; } .row > .platform { grid-area: 3 / 2; }
  .row > .state { display: contents; }
  .state > .status { grid-area: 1 / 2; justify-self: end; }
  .state > .reason { grid-area: 4 / 1 / 5 / 3; }
  .row > .since, .row > .platform { text-align: right; }
  .row > :not(.name, .state, .platform) { font-size: .85rem; color: var(--soft); }
  .filters label { flex: 1 1 40%; }
  .top nav { margin-left: 0; width: 100%; }
}
`;
