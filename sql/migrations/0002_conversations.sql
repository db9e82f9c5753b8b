-- Conversations with buyers: who takes part, what was said, disputes and the moderators who take them, and what
-- sellers and moderators are to be told.
-- Locks: creates only, so nothing that runs is held up. Rollout: before the first worker of messaging or disputes.
-- Lock order of whoever writes here: inbox, moderator_rota, order_conversations by key, then the rest.

-- One row per order that was ever seen, so that a late event finds what came before it. The columns from version on
-- are those of the greatest version of the order (Rule 4; `version` sorts by its bytes, null before the order was
-- seen). A row that is not opened is no conversation yet: its order was only ever seen cancelled or ineligible.
CREATE TABLE order_conversations (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id     uuid NOT NULL,
  external_order_id text NOT NULL,
  type              text NOT NULL DEFAULT 'order' CHECK (type IN ('order','dispute')),
  is_opened         bool NOT NULL,
  needs_moderator   bool NOT NULL DEFAULT false,
  version           text COLLATE "C",
  number            text,
  is_cancelled      bool NOT NULL DEFAULT false,
  payment           jsonb,
  tracking          jsonb,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  UNIQUE (connection_id, external_order_id),
  CHECK (NOT needs_moderator OR type = 'dispute'),
  CHECK (type = 'order' OR is_opened)
) WITH (fillfactor = 85);
CREATE INDEX order_conversations_waiting ON order_conversations (id) WHERE needs_moderator;

-- `user_id`: of sellers and moderators. `external_id` and `name`: of buyers, as the marketplace has them.
CREATE TABLE conversation_members (
  conversation_id bigint NOT NULL REFERENCES order_conversations ON DELETE CASCADE,
  role            text NOT NULL CHECK (role IN ('buyer','seller','moderator')),
  user_id         text,
  external_id     text,
  name            text,
  joined_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (conversation_id, role),
  CHECK ((role = 'buyer') = (user_id IS NULL))
);
CREATE INDEX conversation_members_of_user ON conversation_members (user_id) WHERE user_id IS NOT NULL;

-- One of a kind per order, ever. `silenced`: was due while history was read, and is never to be sent.
CREATE TABLE order_messages (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  conversation_id   bigint NOT NULL REFERENCES order_conversations ON DELETE CASCADE,
  kind              text NOT NULL CHECK (kind IN
                      ('order_confirmation','payment_confirmation','shipping_update','dispute_notice')),
  body              text,
  delivery_status   text NOT NULL CHECK (delivery_status IN
                      ('stored','shadow','pending','delivered','failed','silenced')),
  delivery_error    text,
  created_at        timestamptz NOT NULL DEFAULT now(),
  delivered_at      timestamptz,
  UNIQUE (conversation_id, kind),
  CHECK ((body IS NULL) = (delivery_status = 'silenced'))
);

-- `cause`: what it is about; nobody hears of one thing twice.
CREATE TABLE notifications (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id    text NOT NULL,
  kind       text NOT NULL,
  cause      text,
  body       jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  read_at    timestamptz,
  UNIQUE (user_id, kind, cause)
);
CREATE INDEX notifications_of_user ON notifications (user_id, id);

-- `last_turn`: the turn of the rota in which the moderator was last given a dispute.
CREATE TABLE moderators (
  user_id    text PRIMARY KEY,
  name       text,
  is_active  bool NOT NULL DEFAULT true,
  last_turn  bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Its lock is held by whoever gives disputes to moderators, from before he reads either.
CREATE TABLE moderator_rota (
  singleton bool PRIMARY KEY DEFAULT true CHECK (singleton),
  turn      bigint NOT NULL
);
INSERT INTO moderator_rota (turn) VALUES (0);

-- As the event of the greatest (as_of, event_id) has it.
CREATE TABLE order_disputes (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  connection_id     uuid NOT NULL,
  external_id       text NOT NULL,
  external_order_id text NOT NULL,
  reason            text,
  opened_at         timestamptz,
  as_of             timestamptz NOT NULL,
  event_id          text COLLATE "C" NOT NULL,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  UNIQUE (connection_id, external_id)
);
CREATE INDEX order_disputes_of_order ON order_disputes (connection_id, external_order_id);

-- As others read them: the order's row is named as soon as there is one.
CREATE VIEW conversations AS
SELECT c.id, o.id AS order_id, c.connection_id, c.external_order_id, c.type,
       CASE WHEN c.is_cancelled AND c.type = 'order' THEN 'closed' ELSE 'open' END AS status,
       c.needs_moderator, c.number, c.payment, c.tracking, c.created_at, c.updated_at
  FROM order_conversations c
  LEFT JOIN orders o ON o.connection_id = c.connection_id AND o.external_id = c.external_order_id
 WHERE c.is_opened;

CREATE VIEW messages AS
SELECT m.id, m.conversation_id, o.id AS order_id, c.connection_id, c.external_order_id, m.kind, m.body,
       m.delivery_status, m.delivery_error, m.created_at, m.delivered_at
  FROM order_messages m
  JOIN order_conversations c ON c.id = m.conversation_id
  LEFT JOIN orders o ON o.connection_id = c.connection_id AND o.external_id = c.external_order_id
 WHERE m.delivery_status <> 'silenced';

CREATE VIEW disputes AS
SELECT d.id, d.connection_id, d.external_id, d.external_order_id, o.id AS order_id, c.id AS conversation_id,
       d.reason, d.opened_at, d.created_at, d.updated_at
  FROM order_disputes d
  LEFT JOIN orders o ON o.connection_id = d.connection_id AND o.external_id = d.external_order_id
  LEFT JOIN order_conversations c
         ON c.connection_id = d.connection_id AND c.external_order_id = d.external_order_id;
