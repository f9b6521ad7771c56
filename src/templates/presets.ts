/** A template for a service that many people want to be told by, to start from. */
export interface Preset {
  /** Stable, for programs. */
  id: string;
  name: string;
  description: string;
  contentType: string;
  template: string;
}

/** What an event is about and what went wrong, in words that any type of event has. */
const SUBJECT = `{%- assign about = transfer_name | default: schedule_name | default: message.subject | default: data.webhook.name | default: data.certificate.subject -%}
{%- assign trouble = error_message | default: data.delivery.error.message -%}
{%- assign severity = "info" -%}
{%- if trouble or event.type contains "failed" or event.type contains "exhausted" -%}{%- assign severity = "error" -%}
{%- elsif event.type contains "overdue" or event.type contains "missing" or event.type contains "paused" or event.type contains "expiring" -%}{%- assign severity = "warning" -%}
{%- endif -%}
`;

const SLACK = `${SUBJECT}{
  "text": "{{ event.type }}{% if about %}: {{ about | truncate: 200 | replace: "&", "&amp;" | replace: "<", "&lt;" | replace: ">", "&gt;" }}{% endif %}",
  "blocks": [
    { "type": "header", "text": { "type": "plain_text", "text": "{{ event.type | truncate: 150 }}" } },
    {
      "type": "section",
      "fields": [
        {% if about %}{ "type": "plain_text", "text": "About: {{ about | truncate: 1000 }}" },
        {% endif %}{% if status %}{ "type": "plain_text", "text": "Status: {{ status | truncate: 1000 }}" },
        {% endif %}{ "type": "plain_text", "text": "Time: {{ event.occurredAt }}" },
        { "type": "plain_text", "text": "Environment: {{ environment | truncate: 1000 }}" }
      ]
    }{% if trouble %},
    { "type": "section", "text": { "type": "plain_text", "text": "{{ trouble | truncate: 2900 }}" } }{% endif %}
  ]
}
`;

const TEAMS = `${SUBJECT}{
  "type": "message",
  "attachments": [
    {
      "contentType": "application/vnd.microsoft.card.adaptive",
      "contentUrl": null,
      "content": {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
          {
            "type": "TextBlock",
            "size": "Large",
            "weight": "Bolder",
            "wrap": true,
            "color": "{% if severity == "error" %}Attention{% elsif severity == "warning" %}Warning{% else %}Default{% endif %}",
            "text": "{{ event.type }}"
          },
          {
            "type": "FactSet",
            "facts": [
              {% if about %}{ "title": "About", "value": "{{ about | truncate: 500 }}" },
              {% endif %}{% if status %}{ "title": "Status", "value": "{{ status | truncate: 500 }}" },
              {% endif %}{ "title": "Time", "value": "{{ event.occurredAt }}" },
              { "title": "Environment", "value": "{{ environment | truncate: 500 }}" }
            ]
          }{% if trouble %},
          { "type": "TextBlock", "wrap": true, "text": "{{ trouble | truncate: 3000 }}" }{% endif %}
        ]
      }
    }
  ]
}
`;

const DISCORD = `${SUBJECT}{
  "username": "Waybill",
  "allowed_mentions": { "parse": [] },
  "embeds": [
    {
      "title": "{{ event.type | truncate: 256 }}",
      {% if trouble %}"description": "{{ trouble | truncate: 3000 }}",
      {% endif %}"color": {% if severity == "error" %}14362664{% elsif severity == "warning" %}16098851{% else %}3066993{% endif %},
      "timestamp": "{{ event.occurredAt }}",
      "fields": [
        {% if about %}{ "name": "About", "value": "{{ about | truncate: 1000 }}", "inline": true },
        {% endif %}{% if status %}{ "name": "Status", "value": "{{ status | truncate: 1000 }}", "inline": true },
        {% endif %}{ "name": "Environment", "value": "{{ environment | truncate: 1000 }}", "inline": true }
      ]
    }
  ]
}
`;

const PAGERDUTY = `${SUBJECT}{%- assign key = transfer_id | default: message.id | default: data.webhook.id | default: event.id -%}
{
  "routing_key": "YOUR-INTEGRATION-KEY",
  "event_action": "{% if severity == "info" %}resolve{% else %}trigger{% endif %}",
  "dedup_key": "waybill {{ key | truncate: 200 }}",
  "payload": {
    "summary": "{{ event.type }}{% if about %}: {{ about | truncate: 200 }}{% endif %}{% if trouble %}: {{ trouble | truncate: 700 }}{% endif %}",
    "source": "Waybill {{ environment | truncate: 200 }}",
    "severity": "{{ severity }}",
    "timestamp": "{{ event.occurredAt }}",
    "group": "{{ event.type | split: "." | first }}",
    "class": "{{ event.type }}",
    "custom_details": {{ data | json }}
  }
}
`;

const TITLE = '{{ event.type }}{% if about %}: {{ about | truncate: 150 }}{% endif %}';
const MESSAGE =
  '{% if trouble %}{{ trouble | truncate: 700 }}{% else %}{{ status | default: event.occurredAt }}{% endif %}';

const NTFY = `${SUBJECT}{
  "topic": "YOUR-TOPIC",
  "title": "${TITLE}",
  "message": "${MESSAGE}",
  "priority": {% if severity == "error" %}4{% else %}3{% endif %},
  "tags": ["{% if severity == "error" %}rotating_light{% elsif severity == "warning" %}warning{% else %}white_check_mark{% endif %}"]
}
`;

const GOTIFY = `${SUBJECT}{
  "title": "${TITLE}",
  "message": "${MESSAGE}",
  "priority": {% if severity == "error" %}8{% elsif severity == "warning" %}5{% else %}2{% endif %}
}
`;

const XML = `${SUBJECT}<?xml version="1.0" encoding="UTF-8"?>
<notification id="{{ event.id }}" type="{{ event.type }}">
  <occurredAt>{{ event.occurredAt }}</occurredAt>
  <environment>{{ environment }}</environment>
  <severity>{{ severity }}</severity>
  {%- if about %}
  <about>{{ about }}</about>
  {%- endif %}
  {%- if status %}
  <status>{{ status }}</status>
  {%- endif %}
  {%- if trouble %}
  <trouble>{{ trouble }}</trouble>
  {%- endif %}
</notification>
`;

/** The templates that Waybill comes with. They are tested against our reading of each service's documents, not against it. */
export const PRESETS: readonly Preset[] = [
  {
    id: 'slack',
    name: 'Slack',
    description:
      'A message for an incoming webhook. Text from events is plain text there, so that nobody is mentioned by it.',
    contentType: 'application/json',
    template: SLACK,
  },
  {
    id: 'teams',
    name: 'Microsoft Teams',
    description: 'An Adaptive Card for a Workflows webhook ("When a Teams webhook request is received").',
    contentType: 'application/json',
    template: TEAMS,
  },
  {
    id: 'discord',
    name: 'Discord',
    description: 'An embed for a channel webhook. Nobody is mentioned by what stands in it.',
    contentType: 'application/json',
    template: DISCORD,
  },
  {
    id: 'pagerduty',
    name: 'PagerDuty',
    description:
      'An alert for Events API v2, at https://events.pagerduty.com/v2/enqueue. Put your integration key in place of YOUR-INTEGRATION-KEY. What succeeds resolves the alert of the same transfer.',
    contentType: 'application/json',
    template: PAGERDUTY,
  },
  {
    id: 'ntfy',
    name: 'ntfy',
    description:
      'A message for the root of an ntfy server, such as https://ntfy.sh/. Put your topic in place of YOUR-TOPIC.',
    contentType: 'application/json',
    template: NTFY,
  },
  {
    id: 'gotify',
    name: 'Gotify',
    description: 'A message for /message of a Gotify server. Its application token goes into an X-Gotify-Key header.',
    contentType: 'application/json',
    template: GOTIFY,
  },
  {
    id: 'xml',
    name: 'XML',
    description: 'A short document of your own, to change into what your receiver wants.',
    contentType: 'application/xml',
    template: XML,
  },
];
