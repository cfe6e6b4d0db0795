/** What the commands about one operation have in common. */
import { text, withDefault } from '../framework/option.ts';

export const operationOperand = { name: 'OPERATION', help: 'Its id, as `operation list` shows it' } as const;

export const whyOption = {
  why: withDefault(text({ placeholder: 'TEXT', help: 'Why, for the audit log' }), '', ''),
} as const;
