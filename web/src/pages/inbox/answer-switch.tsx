import { Group, NumberInput, Radio, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../api/session.ts';
import { useVersionedSave } from '../../forms/use-versioned-save.tsx';
import { ProblemAlert } from '../../ui/problem-alert.tsx';
import { type AnswerKind, answerInWords, answerOf, kindOf, USUAL_RETRY_AFTER_S } from './answers.ts';
import { INBOXES_KEY, type Inbox, type InboxAnswer, inboxQuery, setAnswer } from './inboxes.ts';

const KINDS = ['ok', 'error', 'busy', 'hang'] as const satisfies readonly AnswerKind[];

interface AnswerSwitchProps {
  inbox: Inbox;
  /** The entity tag of what is shown. */
  etag: string;
}

/** What the inbox answers, to be switched at once by those who may; the others read it. */
export function AnswerSwitch({ inbox, etag }: AnswerSwitchProps) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const mayChange = useMay('operator');
  const { name, answer } = inbox;
  /** What was chosen, until the server has it. */
  const [chosen, setChosen] = useState<InboxAnswer | null>(null);
  const [retryAfterS, setRetryAfterS] = useState<number | string>(retryAfterOf(answer));
  const { queryKey } = inboxQuery(name);
  const refresh = () => cache.invalidateQueries({ queryKey: INBOXES_KEY });

  const versioned = useVersionedSave<InboxAnswer>({
    async read() {
      const { data, etag } = await cache.fetchQuery({ ...inboxQuery(name), staleTime: 0 });
      return { values: data.answer, etag };
    },
    async save(wanted, tag) {
      // An answer that is still under way would bring back the version before.
      await cache.cancelQueries({ queryKey });
      cache.setQueryData(queryKey, await setAnswer(name, wanted, tag));
    },
    compare: (mine, theirs) => [
      { label: t('inbox.answer.label'), mine: answerInWords(mine, t), theirs: answerInWords(theirs, t) },
    ],
    onTaken: refresh,
  });
  const change = useMutation({
    // One after the other: each is made from the version that the one before has left.
    scope: { id: `answer of ${name}` },
    mutationFn: (wanted: InboxAnswer) => versioned.save(wanted, cache.getQueryData(queryKey)?.etag ?? etag),
    onSettled(_data, _error, wanted) {
      setChosen((now) => (now === wanted ? null : now));
      return refresh();
    },
  });

  /** Shown at once: a switch that jumps back for a moment would be taken for one that does not work. */
  function choose(wanted: InboxAnswer): void {
    setChosen(wanted);
    change.mutate(wanted);
  }

  if (!mayChange) {
    return (
      <Text>
        {t('inbox.answer.label')}: {answerInWords(answer, t)}
      </Text>
    );
  }

  const shown = chosen ?? answer;
  const kind = kindOf(shown);
  return (
    <Stack gap="xs">
      <Radio.Group
        label={t('inbox.answer.label')}
        description={t('inbox.answer.hint')}
        value={kind}
        onChange={(value) => {
          const wanted = value as (typeof KINDS)[number];
          choose(answerOf(wanted, wanted === 'busy' ? Number(retryAfterS) : undefined));
        }}
      >
        <Group gap="lg" mt="xs" align="center">
          {KINDS.map((each) => (
            <Radio key={each} value={each} label={t(`inbox.answer.kinds.${each}`)} />
          ))}
          {kind === 'other' && <Radio value="other" label={answerInWords(shown, t)} />}
        </Group>
      </Radio.Group>
      {kind === 'busy' && (
        <NumberInput
          label={t('inbox.answer.seconds')}
          size="xs"
          w={160}
          min={0}
          max={86_400}
          allowDecimal={false}
          clampBehavior="strict"
          value={retryAfterS}
          onChange={setRetryAfterS}
          onBlur={() => {
            const seconds = Number(retryAfterS);
            if (seconds !== retryAfterOf(answer)) choose(answerOf('busy', seconds));
          }}
        />
      )}
      {change.isError && <ProblemAlert title={t('common.form.problems')} error={change.error} />}
      {versioned.dialog}
    </Stack>
  );
}

function retryAfterOf(answer: InboxAnswer): number {
  return 'hang' in answer ? USUAL_RETRY_AFTER_S : (answer.retryAfterS ?? USUAL_RETRY_AFTER_S);
}
