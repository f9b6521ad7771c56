import { Type } from '../kernel/type.ts';

/*
 * The `data` of every built-in event type, as JSON Schema 2020-12. Required is what no event of the type makes sense
 * without; the other members have their type checked where they are present, and members not named here are kept.
 */

const text = (description: string) => Type.String({ description });
const integer = (description: string) => Type.Integer({ description });
const flag = (description: string) => Type.Boolean({ description });
const textOrNull = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description });
const flagOrNull = (description: string) => Type.Unsafe<boolean | null>({ type: ['boolean', 'null'], description });
// Outside systems number their objects as often as they name them; scopes compare ids as text.
const id = (description: string) => Type.Unsafe<string | number>({ type: ['string', 'number'], description });
const idOrNull = (description: string) =>
  Type.Unsafe<string | number | null>({ type: ['string', 'number', 'null'], description });
const optional = Type.Optional;

const failure = Type.Object(
  {
    code: optional(text('Stable, upper case, for example CONNECTION_ERROR.')),
    message: optional(text('What went wrong, in one sentence.')),
    details: optional(text('Where and how: host, port, stage, elapsed time.')),
  },
  { description: 'Why it failed.' },
);

const schedule = Type.Object(
  { id: id('Compared with the scope of webhooks.'), name: text('The name of the schedule.') },
  { description: 'The schedule that started the run, or that the event is about.' },
);

const transferMembers = {
  id: id('Compared with the scope of webhooks.'),
  name: text('The name of the transfer.'),
  source: optional(text('The name of the connection, or of the AS2 partner.')),
  destination: optional(text('The name of the connection, or of the AS2 partner.')),
  status: optional(text('running, success, completed_with_errors, failed or cancelled.')),
  start_time: optional(text('RFC 3339, UTC.')),
  end_time: optional(text('RFC 3339, UTC.')),
  duration_seconds: optional(Type.Number({ description: 'Seconds, with up to three decimals.' })),
  files_transferred: optional(integer('Files that reached the destination whole.')),
  total_size_bytes: optional(integer('Bytes of those files.')),
  transfer_rate_bytes_per_second: optional(integer('total_size_bytes over duration_seconds, rounded.')),
};

const transfer = Type.Object({ ...transferMembers, error: optional(failure) });
const failedTransfer = Type.Object({ ...transferMembers, error: failure });

const run = Type.Object(
  {
    id: optional(text('The id of the run.')),
    trigger: optional(text('manual, schedule or rerun.')),
    filesSkipped: optional(integer('Files left alone.')),
    filesFailed: optional(integer('Files that did not arrive.')),
    failedFiles: optional(
      Type.Array(Type.Object({ path: optional(text('Below the source path.')), error: optional(failure) }), {
        description: 'The first ten.',
      }),
    ),
  },
  { description: 'The run, in events of our own transfers.' },
);

const beside = { schedule: optional(schedule), run: optional(run) };

export const transferData = Type.Object({ transfer, ...beside });
export const failedTransferData = Type.Object({ transfer: failedTransfer, ...beside });
export const missingFileData = Type.Object({
  transfer,
  ...beside,
  expected: optional(
    Type.Object({
      pattern: optional(text('The file name that was waited for.')),
      by: optional(text('When it should have been there.')),
    }),
  ),
});

export const scheduleData = Type.Object({ schedule });
export const triggeredScheduleData = Type.Object({
  schedule,
  runIds: optional(Type.Array(Type.String(), { description: 'The runs that it started.' })),
});
export const failedScheduleData = Type.Object({ schedule, error: optional(failure) });

const message = Type.Object(
  {
    id: optional(text('The id of the message.')),
    as2MessageId: text('The Message-ID header, with its angle brackets.'),
    direction: optional(text('in or out.')),
    subject: optional(textOrNull('The Subject header.')),
    receivedAt: optional(textOrNull('RFC 3339, UTC; of a message that came in.')),
    sentAt: optional(textOrNull('RFC 3339, UTC; of a message that went out.')),
    lastAttemptAt: optional(textOrNull('RFC 3339, UTC; of a message that went out.')),
    failures: optional(integer('Tries that failed so far.')),
    sizeBytes: optional(integer('Sum of the attachments.')),
    signed: optional(flag('Whether it was signed.')),
    encrypted: optional(flag('Whether it was encrypted.')),
    compressed: optional(flag('Whether it was compressed.')),
    mic: optional(textOrNull('Our digest, as in an MDN: base64, a comma, the algorithm.')),
    micMatches: optional(flagOrNull('Whether the MDN bears the same digest; null where none came back.')),
  },
  { description: 'The AS2 message that the event is about.' },
);

const station = Type.Object(
  {
    id: optional(idOrNull('Compared with the scope of webhooks; null for an unknown pair.')),
    name: optional(textOrNull('The name of the station; null for an unknown pair.')),
    as2Id: text('Our AS2 name.'),
    email: optional(textOrNull('Who is written to.')),
  },
  { description: 'Our side.' },
);

const partner = Type.Object(
  {
    id: optional(idOrNull('Compared with the scope of webhooks; null for an unknown pair.')),
    name: optional(textOrNull('The name of the partner; null for an unknown pair.')),
    as2Id: text('Their AS2 name.'),
  },
  { description: 'Their side.' },
);

const attachment = Type.Object({
  name: text('The file name.'),
  contentType: optional(text('The media type.')),
  sizeBytes: optional(integer('Bytes of the file.')),
  sha256: optional(text('Lower-case hex.')),
  key: optional(text('Where the file is stored; made from the ids where it is left out.')),
  url: optional(text('Where the file is fetched.')),
});

const mdn = Type.Object(
  {
    as2MessageId: optional(text("The receipt's own Message-ID.")),
    mode: optional(text('sync or async.')),
    signed: optional(flag('Whether it was signed.')),
    disposition: optional(
      text('RFC 8098 section 3.2.6, for example automatic-action/MDN-sent-automatically; processed.'),
    ),
    mic: optional(textOrNull('The digest that the receipt bears.')),
  },
  { description: 'The receipt.' },
);

const exchange = { message, station, partner, attachments: optional(Type.Array(attachment)) };

export const messageData = Type.Object({ ...exchange, mdn: optional(mdn), error: optional(failure) });
export const failedMessageData = Type.Object({ ...exchange, mdn: optional(mdn), error: failure });
export const mdnData = Type.Object({ ...exchange, mdn, error: optional(failure) });

const webhook = Type.Object({
  id: optional(text('The id of the webhook.')),
  name: optional(text('The name of the webhook.')),
  url: optional(text('Where it sends to.')),
  state: optional(text('active, paused or disabled.')),
  pauseReason: optional(textOrNull('manual or gone; null unless paused.')),
});

export const webhookData = Type.Object({ webhook: optional(webhook) });

export const exhaustedDeliveryData = Type.Object({
  webhook: optional(webhook),
  delivery: optional(
    Type.Object({
      id: optional(text('The id of the delivery.')),
      eventId: optional(text('The event that was not delivered.')),
      eventType: optional(text('The type of that event.')),
      attemptCount: optional(integer('How often it was sent.')),
      error: optional(
        Type.Unsafe<{ code?: string; message?: string } | null>({
          type: ['object', 'null'],
          description: 'Why the last attempt failed.',
          properties: { code: text('For example http_status.'), message: text('In one sentence.') },
        }),
      ),
    }),
  ),
});

export const expiringCertificateData = Type.Object({
  certificate: optional(
    Type.Object({
      id: optional(text('The id of the certificate; of one that webhooks use, its SHA-256 in hex.')),
      subject: optional(text('Its distinguished name.')),
      notAfter: optional(text('RFC 3339, UTC.')),
      usedBy: optional(
        Type.Array(
          Type.Object({
            type: optional(text('What uses it: station, partner or webhook.')),
            id: optional(text('Its id.')),
            name: optional(text('Its name.')),
          }),
        ),
      ),
    }),
  ),
});
