/** What a graph refuses, and what it could not do. Failures of the records below it come as they are. */
import { MillraceError } from '@millrace/base';

const retriable = {
  /** An id, label or attribute that no graph takes. */
  invalid_element: false,
  /** A step that does not fit the ones before it, or arguments that make no sense. */
  invalid_step: false,
  /** A text that is no traversal. */
  invalid_query: false,
  /** An edge whose properties are too many bytes. */
  edge_too_large: false,
  /** Others changed the same records again and again. */
  contended: true,
  /** A line of a file to load that can't be read. */
  invalid_line: false,
} as const;

export type GraphErrorCode = keyof typeof retriable;

/** A graph refused what it was asked for. */
export class GraphError extends MillraceError {
  readonly code: GraphErrorCode;
  override readonly retriable: boolean;

  constructor(code: GraphErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.retriable = retriable[code];
  }
}
