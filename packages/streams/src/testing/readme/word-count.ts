import { int64, text, topic } from '@millrace/client';
import { topology } from '../../index.ts';

const lines = topic('lines', { value: text });
const counts = topic('counts', { key: text, value: int64 });

export const wordCount = topology('word-count');
wordCount
  .source(lines)
  .flatMap((line) => line.split(' '))
  .keyBy('by-word', (word) => word, { key: text, value: text })
  .count('words')
  .to(counts);
