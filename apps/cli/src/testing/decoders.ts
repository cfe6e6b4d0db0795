/** For tests: the reader of lines that users hand in. */
export { parseRecordJson } from '../records/record-json.ts';
