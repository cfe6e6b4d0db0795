/** A session's settings by which values are text that does not depend on the server's; as libpq's `options`. */
export const outputSettings: string = [
  'datestyle=ISO,YMD',
  'intervalstyle=postgres',
  'timezone=UTC',
  'extra_float_digits=3',
  'bytea_output=hex',
  'lc_monetary=C',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');
