/** A query's answer as JSON text, made series by series, so that a large one does not hold up others. */
import { histogramAnswer } from '../histogram/histogram-text.ts';
import type { NativeHistogram } from '../model/native-histogram.ts';
import { answerNumber } from '../model/number-text.ts';
import type { Answer, QueryResult, ResultSeries } from '../query-engine.ts';
import { AnswerText } from './dialect.ts';

/** Notes of a kind that an answer tells at most. */
const notesMax = 10;

/** How long others wait at most. */
const turnMs = 5;

export async function resultText({ result, warnings, infos }: Answer, limit: number | undefined): Promise<AnswerText> {
  const isCut = 'series' in result && limit !== undefined && result.series.length > limit;
  const told = isCut ? [...warnings, 'results truncated due to limit'] : warnings;
  const data = `{"resultType":"${result.type}","result":${await dataText(result, limit)}}`;
  const notes = `${notesText('warnings', told, 'warning')}${notesText('infos', infos, 'info')}`;
  return new AnswerText(`{"status":"success","data":${data}${notes}}`);
}

async function dataText(result: QueryResult, limit: number | undefined): Promise<string> {
  if (result.type === 'scalar') return pair(result.timeMs, answerNumber(result.value));
  if (result.type === 'string') return `[${result.timeMs / 1000},${JSON.stringify(result.text)}]`;
  const toText = result.type === 'vector' ? instantText : rangeText;
  const parts: string[] = [];
  let turnEnds = performance.now() + turnMs;
  for (const series of limit === undefined ? result.series : result.series.slice(0, limit)) {
    parts.push(toText(series));
    if (performance.now() < turnEnds) continue;
    await new Promise((resolve) => setImmediate(resolve));
    turnEnds = performance.now() + turnMs;
  }
  return `[${parts.join(',')}]`;
}

function instantText({ labels, times, values, histograms }: ResultSeries): string {
  const histogram = histograms?.[0];
  const [time, value] = [times[0] as number, values[0] as number];
  const sample =
    histogram === undefined ? `"value":${pair(time, answerNumber(value))}` : `"histogram":${point(time, histogram)}`;
  return `{"metric":${JSON.stringify(labels)},${sample}}`;
}

function rangeText({ labels, times, values, histograms }: ResultSeries): string {
  let numbers = '';
  let ofHistograms = '';
  for (let at = 0; at < times.length; at++) {
    const histogram = histograms?.[at];
    const time = times[at] as number;
    if (histogram === undefined)
      numbers += `${numbers === '' ? '' : ','}${pair(time, answerNumber(values[at] as number))}`;
    else ofHistograms += `${ofHistograms === '' ? '' : ','}${point(time, histogram)}`;
  }
  const parts = [`"metric":${JSON.stringify(labels)}`];
  if (numbers !== '' || ofHistograms === '') parts.push(`"values":[${numbers}]`);
  if (ofHistograms !== '') parts.push(`"histograms":[${ofHistograms}]`);
  return `{${parts.join(',')}}`;
}

function pair(timeMs: number, value: string): string {
  return `[${timeMs / 1000},"${value}"]`;
}

function point(timeMs: number, histogram: NativeHistogram): string {
  return `[${timeMs / 1000},${JSON.stringify(histogramAnswer(histogram))}]`;
}

function notesText(name: string, notes: readonly string[], kind: string): string {
  if (notes.length === 0) return '';
  const left = notes.length - notesMax;
  const told = left > 0 ? [...notes.slice(0, notesMax), `${left} more ${kind} annotations omitted`] : notes;
  return `,"${name}":${JSON.stringify(told)}`;
}
