/** For tests: the readers of lines that come from outside, one by one. */
export { linesOf } from '../collecting/lines-of-body.ts';
export { linesOfExport } from '../collecting/otlp-logs.ts';
export { messagesOf } from '../collecting/syslog-listener.ts';
export { givenLineOfSyslog } from '../collecting/syslog-message.ts';
export { encodeLine, lineBytesMax } from '../line/encode-line.ts';
export { LineJoiner } from '../line/line-joiner.ts';
export { Masker } from '../masking/masker.ts';
