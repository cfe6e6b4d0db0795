/** What a mirror gives up that copies at least once. */
export const repeatsLine =
  'At least once: after a crash or a takeover about the last second of records is there twice.';
