// Draws the charts of a page with uPlot. Lines have the colours and dashes of the style
// sheet, so that a legend is right before a chart is drawn.
(() => {
  "use strict";
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const places = [...document.querySelectorAll(".chart")];
  const dashes = [[], [7, 3], [2, 2.5], [9, 3, 2, 3], [12, 4], [4, 4], [1, 4], [12, 3, 2, 3, 2, 3]];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  // 0.25, 3.1, 47, 1,204: as many digits as say something.
  const number = (v) => v.toLocaleString("en-US", { maximumFractionDigits: v < 1 ? 3 : v < 10 ? 2 : v < 100 ? 1 : 0 });
  const value = (v, unit) => (unit === "ms" && v >= 1000 ? number(v / 1000) + " s" : number(v) + (unit[0] === "/" ? unit : " " + unit));
  const clock = (s, long) => {
    if (!long) return number(s) + " s";
    const two = (n) => String(Math.floor(n)).padStart(2, "0");
    return (s >= 3600 ? Math.floor(s / 3600) + ":" + two((s % 3600) / 60) : Math.floor(s / 60)) + ":" + two(s % 60);
  };
  // The axis by percentile is 1 / (1 - p): 1, 10, 100 are 0 %, 90 %, 99 %.
  const share = (x) => Number((100 - 100 / x).toFixed(Math.max(1, Math.ceil(Math.log10(x)) - 1))) + " %";

  // 1, 2, 5, 10 … from at most low to at least high.
  const ladder = (low, high) => {
    const steps = [];
    for (let e = Math.floor(Math.log10(low)); ; e++) {
      for (const m of [1, 2, 5]) {
        const v = Number((m * 10 ** e).toPrecision(1));
        if (v <= low) steps.length = 0;
        steps.push(v);
        if (v >= high) return steps;
      }
    }
  };

  const draw = (chart, place) => {
    const outputs = [...place.closest("figure").querySelectorAll("output")];
    const timed = chart.axis === "seconds";
    const data = uPlot.join(chart.lines.map((l) => [l.x, l.y]));
    const xs = data[0], ys = data.slice(1).flat().filter((v) => v != null);
    if (!xs.length || !ys.length) {
      place.textContent = "There is nothing to draw.";
      return null;
    }
    const last = xs[xs.length - 1], top = Math.max(...ys), low = Math.min(...ys.filter((v) => v > 0));
    const long = last > 120;
    // Where the slowest takes twenty times as long as the quickest, a straight scale shows
    // the slowest alone.
    const log = chart.unit === "ms" && top > 20 * low;
    const rungs = log && ladder(low, top);
    const sparse = rungs && rungs.length > 8 ? rungs.filter((v) => v.toExponential()[0] === "1") : rungs;
    const text = colour("soft"), font = "12px " + getComputedStyle(document.body).fontFamily;
    const axis = {
      stroke: text, font, grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("line"), width: 1, size: 5 },
    };
    const height = () => Math.round(Math.min(320, Math.max(240, place.clientWidth / 3)));
    return new uPlot({
      width: place.clientWidth, height: height(), padding: [8, 28, 0, 0], legend: { show: false },
      cursor: { y: false, points: { size: 7 }, sync: timed ? { key: "time" } : undefined, drag: { x: true, y: false } },
      scales: {
        x: timed
          ? { time: false, range: (u, min, max) => [min, Math.max(max, min + 1e-3)] }
          : { time: false, distr: 3, range: (u, min, max) => [min, Math.max(max, 1.1 * min)] },
        y: log ? { distr: 3, range: () => [rungs[0], rungs[rungs.length - 1]] } : { range: (u, min, max) => uPlot.rangeNum(0, Math.max(max, 1e-3), { min: { pad: 0, soft: 0, mode: 1 }, max: { pad: 0.08, soft: 0, mode: 2 } }) },
      },
      axes: [
        timed
          ? { ...axis, size: 34, space: 64, incrs: long ? [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400] : [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30], values: (u, vs) => vs.map((v) => clock(v, long)) }
          : { ...axis, size: 34, splits: (u) => ladder(1, last).filter((v) => v <= last && (/^1/.test(v) || (v === 2 && u.width > 500))), filter: (u, vs) => vs, values: (u, vs) => vs.map(share) },
        log
          ? { ...axis, size: 68, splits: () => sparse, filter: (u, vs) => vs, values: (u, vs) => vs.map((v) => value(v, chart.unit)) }
          : { ...axis, size: 68, values: (u, vs) => vs.map((v) => (v === 0 ? "0" : value(v, chart.unit))) },
      ],
      series: [{}, ...chart.lines.map((l) => ({
        stroke: colour("c" + l.style), width: 2, dash: dashes[l.style], spanGaps: true, points: { show: l.x.length < 2 },
        paths: l.step ? uPlot.paths.stepped({ align: 1 }) : undefined,
      }))],
      hooks: {
        setCursor: [(u) => outputs.forEach((out, i) => {
          const at = u.cursor.idx, v = at == null ? null : u.data[i + 1][at];
          out.textContent = v == null ? "" : value(v, chart.unit) + (i === 0 ? " at " + (timed ? clock(u.data[0][at], long) : share(u.data[0][at])) : "");
        })],
      },
    }, data, place);
  };

  let drawn = [];
  const redraw = () => {
    drawn.forEach((u) => u && u.destroy());
    drawn = charts.map((chart, i) => {
      places[i].textContent = "";
      return draw(chart, places[i]);
    });
  };
  redraw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("print").addEventListener("change", redraw);
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth !== width) {
      width = innerWidth;
      redraw();
    }
  });
})();
