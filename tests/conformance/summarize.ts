/** Says what came of the matrix in a run of the test runner, which has it do so with its results on stdin. */
import { text } from 'node:stream/consumers';
import { behaviours } from './behaviours/index.ts';
import type { TestResult } from './compatibility/client-table.ts';
import { isFullRun } from './matrix/selection.ts';
import { summaryLine } from './matrix/summary.ts';

const lines = (await text(process.stdin)).split('\n').filter((line) => line !== '');
const results = lines.map((line) => JSON.parse(line) as TestResult);
const line = summaryLine(behaviours, results, isFullRun());
if (line !== undefined) process.stdout.write(`${line}\n`);
