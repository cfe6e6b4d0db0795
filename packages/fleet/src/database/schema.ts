/** The tables, as the newest migration leaves them. */
export interface Schema {
  readonly lease: LeaseTable;
}

interface LeaseTable {
  name: string;
  holder: string;
  epoch: number;
  until: Date;
}
