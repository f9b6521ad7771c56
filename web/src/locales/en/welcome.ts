/** The first minutes, and the page about Waybill itself. */
export const welcome = {
  administrator: 'Create your administrator',
  administratorHint: 'Nobody else can: there is no default password. This link works once.',
  noToken: 'This needs the one-time link',
  noTokenHint: 'Waybill prints it when it starts: look for “/welcome?token=” in its output.',
  done: 'Waybill has its administrator',
  doneHint: 'The one-time link is used up.',
  title: 'Welcome to Waybill',
  lead: 'Three steps, and you have seen a webhook arrive.',
  steps: {
    receiver: 'A receiver',
    receiverHint: 'Waybill has one built in, which shows what arrives and whether its signature is valid.',
    webhook: 'A webhook',
    webhookHint: 'It says which events go where, and how.',
    event: 'The first event',
    eventHint: 'Publish a sample and watch it arrive.',
    done: 'Done',
    toDo: 'To do',
  },
  about: {
    lead: 'Managed file transfer whose webhooks are durable, replayable and provable.',
    version: 'Version',
    environment: 'Environment',
    licence: 'Licence',
    server: 'Server',
    node: 'Node',
  },
};
