-- What applications asked of topics, and where those stay that would be sent elsewhere only because something was
-- declared besides (null: where declarations say).
CREATE TABLE config_asked (
  application text NOT NULL,
  topic text NOT NULL,
  role text NOT NULL,
  -- Of the instances; '' where they name none.
  site text NOT NULL,
  asked_at timestamptz NOT NULL,
  stays_on text,
  PRIMARY KEY (application, topic, role, site)
);
