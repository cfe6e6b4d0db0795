import { command } from '../framework/command.ts';
import { flag } from '../framework/option.ts';
import { counted } from '../framework/table.ts';

export const metricsAnomalies = command({
  name: 'pipeline metrics anomalies',
  summary: 'Score the points of a series by how unusual they are',
  description: `Reads a CSV file (a time and a value a line) here, without a server. With --json it prints a line for
    each point: {"time", "value", "score", "alarm"}, the score being from 0, nothing new, to 1, and an anomaly from 0.5
    on; the first point of an anomaly has an alarm. Otherwise it prints the alarms. Each score comes from the points
    before alone; those of the first 300 points are 0.`,
  operands: [{ name: 'FILE', help: 'The CSV file' }],
  options: { all: flag({ help: 'Every point, not only alarms' }) },
  examples: [
    { command: 'millrace metrics anomalies cpu.csv', does: 'When something unusual began' },
    { command: 'millrace metrics anomalies cpu.csv --json', does: 'The score of every point, for a script' },
  ],
  async run({ options, operands, terminal }) {
    const [file] = operands as [string];
    const { AnomalyDetector, readSeriesCsv } = await import('@millrace/pipelines');
    const { output, signal } = terminal;
    const detector = new AnomalyDetector();
    let points = 0;
    let alarms = 0;
    for await (const { timeText, value } of readSeriesCsv(file, signal)) {
      const { score, alarm } = detector.add(value);
      points++;
      if (alarm) alarms++;
      const shown = Number.isNaN(value) ? null : value;
      if (terminal.json) output.json({ time: timeText, value: shown, score: rounded(score), alarm });
      else if (alarm || options.all)
        output.line(`${timeText}  ${shown ?? '-'}  ${score.toFixed(3)}${alarm ? '  alarm' : ''}`);
      if (points % 1_000 === 0) await output.flush();
    }
    terminal.note(`${counted(points, 'point')}, ${counted(alarms, 'alarm')}.`);
    return undefined;
  },
});

function rounded(score: number): number {
  return Math.round(score * 1e6) / 1e6;
}
