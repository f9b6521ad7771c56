import type { JsonObject } from '../kernel/json.ts';

// The content of GoMFT's two documented examples, so that whoever tests a webhook sees what the document shows.
const backup = { id: 'transfer-123', name: 'Daily Backup', source: 'local-server', destination: 'cloud-storage' };
const backupStarted = { start_time: '2023-09-15T14:20:01Z' };
const backupEnded = { ...backupStarted, end_time: '2023-09-15T14:22:33Z', duration_seconds: 152 };
const timedOut = {
  code: 'CONNECTION_ERROR',
  message: 'Failed to connect to destination: Connection timed out',
  details: 'TCP connection to cloud-storage:22 timed out after 60 seconds',
};
const nightly = { id: 'schedule-456', name: 'Daily Backup Schedule' };

const acme = { id: 'sta_01hac3m5xvf4k8d7y2q9t6w0b1', name: 'Acme EDI', as2Id: 'ACME', email: 'edi@acme.example' };
const beta = { id: 'ptn_01hac3m5xvf4k8d7y2q9t6w0b2', name: 'Beta', as2Id: 'BETA PARTNER' };
const acmeMic = 'NIkmDgPBRMuvwJ8sbEKcdA4tqIRyGqgc4ZWvqqk3E9M=, sha-256';
const orderIn = {
  id: 'msg_01hac3m5xvf4k8d7y2q9t6w0b3',
  as2MessageId: '<20230915142233.4711@beta.example>',
  direction: 'in',
  subject: 'Purchase order 4711',
  receivedAt: '2023-09-15T14:22:33.120Z',
  failures: 0,
  sizeBytes: 2048,
  signed: true,
  encrypted: true,
  compressed: false,
  mic: acmeMic,
  micMatches: null,
};
const invoiceOut = {
  id: 'msg_01hac3m5xvf4k8d7y2q9t6w0b4',
  as2MessageId: '<20230915142233.0815@acme.example>',
  direction: 'out',
  subject: 'Invoice 815',
  sentAt: '2023-09-15T14:22:33.120Z',
  failures: 0,
  sizeBytes: 2048,
  signed: true,
  encrypted: true,
  compressed: false,
  mic: acmeMic,
  micMatches: true,
};
const processed = {
  as2MessageId: '<mdn-20230915142233.1@beta.example>',
  mode: 'sync',
  signed: true,
  disposition: 'automatic-action/MDN-sent-automatically; processed',
  mic: acmeMic,
};
const digest = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const orderFile = {
  name: 'order-4711.edi',
  contentType: 'application/edi-x12',
  sizeBytes: 2048,
  sha256: digest,
  key: 'AS2/files/ACME/BETA PARTNER/inbox/msg_01hac3m5xvf4k8d7y2q9t6w0b3/order-4711.edi',
  url: '/api/v1/messages/msg_01hac3m5xvf4k8d7y2q9t6w0b3/attachments/order-4711.edi',
};
const invoiceFile = {
  name: 'invoice-815.edi',
  contentType: 'application/edi-x12',
  sizeBytes: 2048,
  sha256: digest,
  key: 'AS2/files/ACME/BETA PARTNER/outbox/msg_01hac3m5xvf4k8d7y2q9t6w0b4/invoice-815.edi',
  url: '/api/v1/messages/msg_01hac3m5xvf4k8d7y2q9t6w0b4/attachments/invoice-815.edi',
};

const opsWebhook = {
  id: 'wh_01hac3m5xvf4k8d7y2q9t6w0b5',
  name: 'ops',
  url: 'https://hooks.example.com/mft',
  state: 'active',
  pauseReason: null,
};

/** A full and likely `data` of every built-in event type. Not to be changed: everyone gets the same objects. */
export const SAMPLES = {
  'transfer.started': { transfer: { ...backup, status: 'running', ...backupStarted }, schedule: nightly },
  'transfer.completed': {
    transfer: {
      ...backup,
      status: 'success',
      ...backupEnded,
      files_transferred: 258,
      total_size_bytes: 1_073_741_824,
      transfer_rate_bytes_per_second: 7_064_091,
    },
    schedule: nightly,
  },
  'transfer.completed_with_errors': {
    transfer: {
      ...backup,
      status: 'completed_with_errors',
      ...backupEnded,
      files_transferred: 257,
      total_size_bytes: 1_069_547_520,
      transfer_rate_bytes_per_second: 7_036_497,
      error: {
        code: 'PERMISSION_DENIED',
        message: 'Failed to write reports/september.pdf: Permission denied',
        details: 'cloud-storage:22, stage write, after 0.4 seconds',
      },
    },
    schedule: nightly,
    run: {
      id: 'run_01hac3m5xvf4k8d7y2q9t6w0bz',
      trigger: 'schedule',
      filesSkipped: 0,
      filesFailed: 1,
      failedFiles: [
        {
          path: 'reports/september.pdf',
          error: {
            code: 'PERMISSION_DENIED',
            message: 'Failed to write reports/september.pdf: Permission denied',
            details: 'cloud-storage:22, stage write, after 0.4 seconds',
          },
        },
      ],
    },
  },
  'transfer.failed': { transfer: { ...backup, status: 'failed', ...backupEnded, error: timedOut } },
  'transfer.cancelled': {
    transfer: {
      ...backup,
      status: 'cancelled',
      ...backupEnded,
      files_transferred: 12,
      total_size_bytes: 50_331_648,
      transfer_rate_bytes_per_second: 331_129,
    },
    schedule: nightly,
  },
  'transfer.overdue': {
    transfer: { ...backup, status: 'running', ...backupStarted, duration_seconds: 3600 },
    schedule: nightly,
  },
  'transfer.file_missing': {
    transfer: backup,
    schedule: nightly,
    expected: { pattern: 'orders-20230915.csv', by: '07:00' },
  },
  'schedule.created': { schedule: nightly },
  'schedule.updated': { schedule: nightly },
  'schedule.deleted': { schedule: nightly },
  'schedule.triggered': { schedule: nightly, runIds: ['run_01hac3m5xvf4k8d7y2q9t6w0bz'] },
  'schedule.failed': {
    schedule: nightly,
    error: {
      code: 'CONFIG_INVALID',
      message: 'The transfer "Daily Backup" is disabled',
      details: 'No transfer of the schedule could be started',
    },
  },
  'message.received': { message: orderIn, station: acme, partner: beta, attachments: [orderFile] },
  'message.receive_failed': {
    message: { ...orderIn, failures: 1 },
    station: acme,
    partner: beta,
    attachments: [],
    error: {
      code: 'DECRYPTION_FAILED',
      message: 'The message could not be decrypted',
      details: 'It was encrypted for a certificate that the station does not have',
    },
  },
  'message.sent': { message: invoiceOut, station: acme, partner: beta, attachments: [invoiceFile], mdn: processed },
  'message.send_failed': {
    message: {
      id: invoiceOut.id,
      as2MessageId: invoiceOut.as2MessageId,
      direction: 'out',
      subject: invoiceOut.subject,
      lastAttemptAt: '2023-09-15T14:22:33.120Z',
      failures: 10,
      sizeBytes: 2048,
      signed: true,
      encrypted: true,
      compressed: false,
      mic: acmeMic,
      micMatches: null,
    },
    station: acme,
    partner: beta,
    attachments: [invoiceFile],
    error: {
      code: 'HTTP_ERROR',
      message: 'The partner answered with HTTP status 503',
      details: 'https://beta.example/as2 after 1.2 seconds',
    },
  },
  'mdn.received': { message: invoiceOut, station: acme, partner: beta, attachments: [invoiceFile], mdn: processed },
  'mdn.sent': {
    message: orderIn,
    station: acme,
    partner: beta,
    attachments: [orderFile],
    mdn: { ...processed, as2MessageId: '<mdn-20230915142233.2@acme.example>' },
  },
  'webhook.paused': { webhook: { ...opsWebhook, state: 'paused', pauseReason: 'gone' } },
  'webhook.recovered': { webhook: opsWebhook },
  'webhook.test': { webhook: opsWebhook },
  'delivery.exhausted': {
    webhook: opsWebhook,
    delivery: {
      id: 'dlv_01hac3m5xvf4k8d7y2q9t6w0b6',
      eventId: 'evt_01hac3m5xvf4k8d7y2q9t6w0b7',
      eventType: 'transfer.failed',
      attemptCount: 10,
      error: { code: 'http_status', message: 'The receiver answered with HTTP status 500' },
    },
  },
  'certificate.expiring': {
    certificate: {
      id: 'crt_01hac3m5xvf4k8d7y2q9t6w0b8',
      subject: 'CN=ACME',
      notAfter: '2023-10-15T00:00:00.000Z',
      usedBy: [{ type: 'station', id: acme.id, name: acme.name }],
    },
  },
} satisfies Record<string, JsonObject>;
