/** What the steps of issuing, rotating and revoking credentials take. No secret is ever part of one. */
import { type Static, Type } from 'typebox';
import { Receiver } from '../secrets/sealed-for.ts';

const Text = Type.String();
export const CredentialStep = Type.Union([
  /** Makes a principal's ACLs and quotas on a cluster equal to what is declared, and to those of another. */
  Type.Object({
    do: Type.Literal('grant'),
    application: Text,
    principal: Text,
    like: Type.Union([Text, Type.Null()]),
    cluster: Text,
  }),
  /** Makes a password, writes it to the clusters, lets its user in again, and seals it. */
  Type.Object({
    do: Type.Literal('issue'),
    application: Text,
    principal: Text,
    clusters: Type.Array(Text),
    receiver: Receiver,
    /** Of one that replaces another: how long that one stays at most; null: until this one is said to be used. */
    graceSeconds: Type.Union([Type.Number(), Type.Null()]),
  }),
  /** Signs a certificate; with a key of the request's, or one that is made and sealed. */
  Type.Object({
    do: Type.Literal('certify'),
    application: Text,
    principal: Text,
    clusters: Type.Array(Text),
    days: Type.Integer(),
    request: Type.Union([Text, Type.Null()]),
    receiver: Type.Union([Receiver, Type.Null()]),
  }),
  /** Puts a principal into the application's declaration, or takes it out. */
  Type.Object({ do: Type.Literal('declare'), application: Text, principal: Text, wanted: Type.Boolean() }),
  Type.Object({ do: Type.Literal('deny'), application: Text, principal: Text, cluster: Text }),
  Type.Object({ do: Type.Literal('delete'), application: Text, principal: Text, cluster: Text }),
  Type.Object({
    do: Type.Literal('end'),
    application: Text,
    /** A credential's id, or a principal: all that it has. */
    of: Text,
    as: Type.Union([Type.Literal('retired'), Type.Literal('revoked')]),
  }),
]);
export type CredentialStep = Static<typeof CredentialStep>;
export type StepOf<Do extends CredentialStep['do']> = Extract<CredentialStep, { readonly do: Do }>;
