import type { JsonObject } from '../kernel/json.ts';
import type { CommandIo } from './command-io.ts';
import { readSecretFile, readTextFile } from './read-input.ts';

/** The TLS options that have an option of their own, because PEM is no joy to write into JSON. */
export interface TlsFields {
  tlsCaFile?: string;
  tlsPin?: string;
  tlsClientCertFile?: string;
  tlsClientKeyFile?: string;
  tlsInsecureSkipVerify?: 'true' | 'false';
}

/** The members of `tls` that the options name; null where they name none. */
export async function tlsMembers(io: CommandIo, fields: TlsFields): Promise<JsonObject | null> {
  const { tlsCaFile, tlsPin, tlsClientCertFile, tlsClientKeyFile, tlsInsecureSkipVerify } = fields;
  const members: JsonObject = {
    ...(tlsCaFile === undefined ? {} : { caPem: await readTextFile(io, tlsCaFile) }),
    ...(tlsPin === undefined ? {} : { pinnedSha256: tlsPin }),
    ...(tlsClientCertFile === undefined ? {} : { clientCertPem: await readTextFile(io, tlsClientCertFile) }),
    ...(tlsClientKeyFile === undefined ? {} : { clientKeyPem: await readSecretFile(io, tlsClientKeyFile) }),
    ...(tlsInsecureSkipVerify === undefined ? {} : { insecureSkipVerify: tlsInsecureSkipVerify === 'true' }),
  };
  return Object.keys(members).length === 0 ? null : members;
}
