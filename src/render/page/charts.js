// One line chart of the last minutes: Chart.js, in the page's colours.

export const SECONDS = 300;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// `lines`: a label for each; the first is drawn in full, others dashed, so that nobody needs the colours. `unit` stands
// behind the numbers of the axis, which begins at 0 and goes up to `most` at least.
export class LineChart {
  constructor(canvas, { lines, unit = "", format, most }) {
    this.chart = new Chart(canvas, {
      type: "line",
      data: {
        datasets: lines.map((label, i) => ({
          label, data: [], borderDash: i === 0 ? [] : [5, 3], borderWidth: 2, pointRadius: 0, pointHitRadius: 8, fill: i === 0,
        })),
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        parsing: false,
        interaction: { mode: "index", intersect: false },
        scales: {
          x: {
            type: "linear", min: -SECONDS, max: 0,
            ticks: { stepSize: 60, maxRotation: 0, callback: (seconds) => (seconds === 0 ? "now" : `${seconds / 60} min`) },
          },
          y: { beginAtZero: true, suggestedMax: most, grace: "10%", ticks: { maxTicksLimit: 5, callback: (y) => y.toLocaleString("en") + unit } },
        },
        plugins: {
          legend: { display: lines.length > 1, align: "end", labels: { boxWidth: 24, boxHeight: 0 } },
          tooltip: {
            displayColors: lines.length > 1,
            callbacks: {
              title: (items) => `${Math.round(-items[0].parsed.x)} s ago`,
              label: (item) => `${item.dataset.label}: ${format(item.parsed.y)}`,
            },
          },
        },
      },
    });
    this.paint();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  // The colours of the present scheme.
  paint() {
    const { data, options } = this.chart;
    data.datasets.forEach((line, i) => {
      line.borderColor = colour(i === 0 ? "--first" : "--second");
      line.backgroundColor = `${line.borderColor}22`;
    });
    for (const scale of Object.values(options.scales)) {
      scale.ticks.color = colour("--faint");
      scale.grid = { color: colour("--line") };
    }
    options.plugins.legend.labels.color = colour("--text");
    this.chart.update();
  }

  // `series`: for each line its points [{x: seconds ago, negative; y: a number, or null where there is none}].
  show(series) {
    series.forEach((points, i) => { this.chart.data.datasets[i].data = points; });
    this.chart.update();
  }

  describe(text) {
    this.chart.canvas.setAttribute("aria-label", text);
  }
}
