CREATE TABLE "pictures" (
	"session_id" text NOT NULL,
	"pts_ms" bigint NOT NULL,
	"bytes" bigint NOT NULL,
	CONSTRAINT "pictures_session_id_pts_ms_pk" PRIMARY KEY("session_id","pts_ms")
);
--> statement-breakpoint
CREATE TABLE "seen_classes" (
	"session_id" text NOT NULL,
	"label" text NOT NULL,
	"most" integer NOT NULL,
	"seconds" integer NOT NULL,
	CONSTRAINT "seen_classes_session_id_label_pk" PRIMARY KEY("session_id","label")
);
--> statement-breakpoint
CREATE TABLE "seen_seconds" (
	"session_id" text NOT NULL,
	"second" integer NOT NULL,
	"label" text NOT NULL,
	"most" integer NOT NULL,
	"frames" integer NOT NULL,
	CONSTRAINT "seen_seconds_session_id_second_label_pk" PRIMARY KEY("session_id","second","label")
);
--> statement-breakpoint
ALTER TABLE "pictures" ADD CONSTRAINT "pictures_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "seen_classes" ADD CONSTRAINT "seen_classes_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "seen_seconds" ADD CONSTRAINT "seen_seconds_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
INSERT INTO "seen_seconds" ("session_id", "second", "label", "most", "frames")
SELECT session_id, second, label, max(objects), count(*) FROM (
  SELECT a.session_id, floor(a.pts_ms / 1000)::int AS second, a.id, d.label, count(*) AS objects
  FROM analyses a JOIN detections d ON d.analysis_id = a.id WHERE d.score >= 0.45 GROUP BY 1, 2, 3, 4
) f GROUP BY 1, 2, 3
UNION ALL
SELECT session_id, floor(pts_ms / 1000)::int, '', 0, count(*) FROM analyses GROUP BY 1, 2;--> statement-breakpoint
INSERT INTO "seen_classes" ("session_id", "label", "most", "seconds")
SELECT session_id, label, max(most), count(*) FROM "seen_seconds" WHERE label <> '' GROUP BY 1, 2;
