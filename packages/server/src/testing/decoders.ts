/** For tests: the readers of what comes from outside, one by one. */
export { hostNameOf } from '../host-rule.ts';
export { parseJsonBody } from '../json-body.ts';
