import type { Conversation, Participant, ReadMark } from '#prisma/generated/client';
import { type AttachmentValue, attachmentsOf } from '../attachment/attachment-value.ts';
import { sizeInWords } from '../attachment/file-reference.ts';
import type { MessagePartValue } from '../message.type.ts';
import type { Named } from '../peer-directory.ts';
import type { ExportedMessage, ExportedRun } from './export-reader.ts';
import { escapeLine, quote } from './markdown.ts';

/** What an export begins with. */
export interface ExportHead {
  room: Conversation;
  participants: Participant[];
  readMarks: ReadMark[];
  at: Date;
}

/** Names of people and agents by id. Whoever has none any more is not named. */
export type Names = ReadonlyMap<string, Named>;

/** Writes an export piece by piece: put together in order, they are the whole. Pure. */
export interface ExportWriter {
  head(head: ExportHead, names: Names): string;
  messages(messages: ExportedMessage[], isFirst: boolean, names: Names): string;
  runs(runs: ExportedRun[], isFirst: boolean): string;
  end(): string;
}

const UNNAMED = 'Unknown';

const person = (kind: string, id: string, names: Names) => ({ kind, id, name: names.get(id)?.name ?? null });

/** A file is named with the place where it is fetched, with the credential of who may read the room. */
const withPath = (part: MessagePartValue) =>
  'attachment' in part ? { ...part, attachment: { ...part.attachment, path: pathOf(part.attachment) } } : part;

const pathOf = ({ id }: AttachmentValue): string => `/attachments/${id}`;

const list = (rows: unknown[], isFirst: boolean): string =>
  rows.map((row, index) => `${isFirst && index === 0 ? '' : ','}\n    ${JSON.stringify(row)}`).join('');

/** The format of `docs/export.md`. */
export const JSON_WRITER: ExportWriter = {
  head({ room, participants, readMarks, at }, names) {
    const facts = {
      format: 'parley-conversation',
      version: 1,
      exportedAt: at,
      conversation: {
        id: room.id,
        title: room.title,
        createdAt: room.createdAt,
        createdBy: person('USER', room.createdById, names),
      },
      participants: participants.map(({ kind, participantId, joinedAt, leftAt }) => ({
        ...person(kind, participantId, names),
        joinedAt,
        leftAt,
      })),
      readMarks: readMarks.map(({ userId, messageId, markedAt }) => ({ userId, messageId, at: markedAt })),
    };
    return `${JSON.stringify(facts, null, 2).slice(0, -2)},\n  "messages": [`;
  },
  messages: (messages, isFirst, names) =>
    list(
      messages.map((row) => ({
        id: row.id,
        author: person(row.authorKind, row.authorId, names),
        status: row.status,
        text: row.text,
        parts: (row.parts as unknown as MessagePartValue[]).map(withPath),
        runId: row.runId,
        isShown: row.isShown,
        versionOf: row.versionOf,
        createdAt: row.createdAt,
        completedAt: row.completedAt,
        reactions: row.reactions.map(({ emoji, actorKind, actorId, createdAt }) => ({
          emoji,
          by: { kind: actorKind, id: actorId },
          at: createdAt,
        })),
      })),
      isFirst,
    ),
  runs: (runs, isFirst) =>
    (isFirst ? '\n  ],\n  "runs": [' : '') +
    list(
      runs.map((row) => ({
        id: row.id,
        agentId: row.agentId,
        agentVersion: row.agentVersion,
        startedById: row.startedById,
        triggerMessageId: row.triggerMessageId,
        replyMessageId: row.replyMessageId,
        state: row.state,
        attempt: row.attempt,
        error: row.error,
        usage: row.usage,
        queuedAt: row.queuedAt,
        startedAt: row.startedAt,
        finishedAt: row.finishedAt,
        rolledBackAt: row.rolledBackAt,
        modelCalls: row.modelCalls.map(({ attempt, model, outcome, usage, startedAt, finishedAt }) => ({
          attempt,
          model,
          outcome,
          usage,
          startedAt,
          finishedAt,
        })),
      })),
      isFirst,
    ),
  end: () => '\n  ]\n}\n',
};

const moment = (at: Date): string => `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
const oneLine = (text: string): string => escapeLine(text.replace(/\s+/g, ' ').trim());

const fileLine = (file: AttachmentValue): string =>
  `\n- ${oneLine(file.fileName)} (${file.mimeType}, ${sizeInWords(file.byteSize)}): ${pathOf(file)}\n`;

/** Everything that people wrote is shown as they wrote it, and is nothing but text. */
export const MARKDOWN_WRITER: ExportWriter = {
  head({ room, participants, at }, names) {
    const lines = participants.map(({ kind, participantId, leftAt }) => {
      const what = [kind === 'AGENT' ? 'agent' : 'person', ...(leftAt ? [`until ${moment(leftAt)}`] : [])].join(', ');
      return `- ${oneLine(names.get(participantId)?.name ?? UNNAMED)} (${what})`;
    });
    return [`# ${oneLine(room.title ?? 'Conversation')}`, '', `Written down on ${moment(at)}.`, '', ...lines, ''].join(
      '\n',
    );
  },
  messages: (messages, _isFirst, names) =>
    messages
      .filter(({ isShown }) => isShown)
      .map((row) => {
        const name = oneLine(names.get(row.authorId)?.name ?? UNNAMED);
        const status = row.status === 'COMPLETE' ? '' : ` · ${row.status.toLowerCase()}`;
        const kinds = new Map<string, number>();
        for (const { emoji } of row.reactions) kinds.set(emoji, (kinds.get(emoji) ?? 0) + 1);
        const reactions = [...kinds].map(([emoji, count]) => `${emoji} ${count}`).join(' · ');
        const files = attachmentsOf(row.parts as unknown as MessagePartValue[])
          .map(fileLine)
          .join('');
        const said = row.text === '' && files !== '' ? '' : `\n${quote(row.text)}\n`;
        return `\n**${name}** · ${moment(row.createdAt)}${status}\n${said}${files}${reactions && `\n${reactions}\n`}`;
      })
      .join(''),
  runs: () => '',
  end: () => '',
};
