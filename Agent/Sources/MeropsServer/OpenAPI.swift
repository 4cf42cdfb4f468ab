// SPDX-License-Identifier: Apache-2.0

/// The interface, as OpenAPI 3.0.3 has it. `Tests/OpenAPI/check` holds the server to it.
enum OpenAPI {
  static let text = #"""
    {
      "openapi": "3.0.3",
      "info": {
        "title": "Merops agent",
        "version": "1",
        "description": "What this machine does, on a unix socket, and on 127.0.0.1 with a token."
      },
      "security": [{"token": []}],
      "paths": {
        "/v1/status": {
          "get": {
            "operationId": "status",
            "summary": "What the agent does, and how it is.",
            "parameters": [],
            "responses": {
              "200": {
                "description": "The agent's state.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}
              },
              "401": {"$ref": "#/components/responses/Error"},
              "403": {"$ref": "#/components/responses/Error"},
              "400": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/v1/events": {
          "get": {
            "operationId": "events",
            "summary": "Stored events.",
            "parameters": [
              {"$ref": "#/components/parameters/since"},
              {"$ref": "#/components/parameters/until"},
              {"$ref": "#/components/parameters/kinds"},
              {"$ref": "#/components/parameters/pid"},
              {"$ref": "#/components/parameters/where"},
              {"$ref": "#/components/parameters/limit"},
              {"$ref": "#/components/parameters/order"},
              {"$ref": "#/components/parameters/format"}
            ],
            "responses": {
              "200": {
                "description": "The events, while they are read.",
                "content": {
                  "application/x-ndjson": {"schema": {"type": "string"}},
                  "application/vnd.merops.events": {"schema": {"type": "string", "format": "binary"}}
                }
              },
              "401": {"$ref": "#/components/responses/Error"},
              "403": {"$ref": "#/components/responses/Error"},
              "400": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/v1/events/stream": {
          "get": {
            "operationId": "stream",
            "summary": "Events from now on. Slow readers lose events, and are told how many.",
            "parameters": [
              {"$ref": "#/components/parameters/kinds"},
              {"$ref": "#/components/parameters/pid"},
              {"$ref": "#/components/parameters/where"},
              {"$ref": "#/components/parameters/format"}
            ],
            "responses": {
              "200": {
                "description": "Events as they happen, without an end.",
                "content": {
                  "text/event-stream": {"schema": {"type": "string"}},
                  "application/vnd.merops.events": {"schema": {"type": "string", "format": "binary"}}
                }
              },
              "401": {"$ref": "#/components/responses/Error"},
              "403": {"$ref": "#/components/responses/Error"},
              "400": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/v1/events/{id}": {
          "get": {
            "operationId": "event",
            "summary": "One event.",
            "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/format"}],
            "responses": {
              "200": {
                "description": "The event.",
                "content": {
                  "application/json": {"schema": {"type": "object"}},
                  "application/vnd.merops.events": {"schema": {"type": "string", "format": "binary"}}
                }
              },
              "401": {"$ref": "#/components/responses/Error"},
              "403": {"$ref": "#/components/responses/Error"},
              "400": {"$ref": "#/components/responses/Error"},
              "404": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/v1/processes": {
          "get": {
            "operationId": "processes",
            "summary": "The processes that live now, each as the event that it was created by.",
            "parameters": [
              {"$ref": "#/components/parameters/pid"},
              {"$ref": "#/components/parameters/where"},
              {"$ref": "#/components/parameters/limit"},
              {"$ref": "#/components/parameters/format"}
            ],
            "responses": {
              "200": {
                "description": "The processes.",
                "content": {
                  "application/x-ndjson": {"schema": {"type": "string"}},
                  "application/vnd.merops.events": {"schema": {"type": "string", "format": "binary"}}
                }
              },
              "401": {"$ref": "#/components/responses/Error"},
              "403": {"$ref": "#/components/responses/Error"},
              "400": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/v1/top": {
          "get": {
            "operationId": "top",
            "summary": "Who does the most.",
            "parameters": [
              {"$ref": "#/components/parameters/by"},
              {"$ref": "#/components/parameters/since"},
              {"$ref": "#/components/parameters/until"},
              {"$ref": "#/components/parameters/kinds"},
              {"$ref": "#/components/parameters/pid"},
              {"$ref": "#/components/parameters/where"},
              {"$ref": "#/components/parameters/limit"}
            ],
            "responses": {
              "200": {
                "description": "The most active first.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Top"}}}
              },
              "401": {"$ref": "#/components/responses/Error"},
              "403": {"$ref": "#/components/responses/Error"},
              "400": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/metrics": {
          "get": {
            "operationId": "metrics",
            "summary": "Counters in the text format of Prometheus.",
            "parameters": [],
            "responses": {
              "200": {"description": "The counters.", "content": {"text/plain": {"schema": {"type": "string"}}}},
              "401": {"$ref": "#/components/responses/Error"},
              "403": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/v1/openapi.json": {
          "get": {
            "operationId": "openapi",
            "summary": "This document.",
            "parameters": [],
            "responses": {
              "200": {"description": "This document.", "content": {"application/json": {"schema": {"type": "object"}}}},
              "401": {"$ref": "#/components/responses/Error"},
              "403": {"$ref": "#/components/responses/Error"}
            }
          }
        }
      },
      "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "parameters": {
          "since": {
            "name": "since",
            "in": "query",
            "required": false,
            "description": "A time in UTC (2026-11-29T14:02:11Z), or how long ago (1h, 7d).",
            "schema": {"$ref": "#/components/schemas/Time"}
          },
          "until": {
            "name": "until",
            "in": "query",
            "required": false,
            "description": "A time in UTC, or how long ago.",
            "schema": {"$ref": "#/components/schemas/Time"}
          },
          "kinds": {
            "name": "kinds",
            "in": "query",
            "required": false,
            "description": "Kinds of events, with commas between them; `file` stands for all whose names begin so.",
            "schema": {"type": "string", "pattern": "^[a-z_]+([.][a-z_]+)?(,[a-z_]+([.][a-z_]+)?)*$"}
          },
          "pid": {
            "name": "pid",
            "in": "query",
            "required": false,
            "description": "Events of this process.",
            "schema": {"type": "integer", "minimum": 0, "maximum": 4294967295}
          },
          "where": {
            "name": "where",
            "in": "query",
            "required": false,
            "description": "Events for which this condition holds, in the expression language.",
            "schema": {"type": "string"}
          },
          "limit": {
            "name": "limit",
            "in": "query",
            "required": false,
            "description": "Events at most.",
            "schema": {"type": "integer", "minimum": 1, "maximum": 10000000, "default": 1000}
          },
          "order": {
            "name": "order",
            "in": "query",
            "required": false,
            "description": "Which come first; with a limit, which come at all.",
            "schema": {"type": "string", "enum": ["oldest", "newest"], "default": "oldest"}
          },
          "format": {
            "name": "format",
            "in": "query",
            "required": false,
            "description": "json: an object a line; ocsf, ecs: with the names of those schemas; packed: batches.",
            "schema": {"type": "string", "enum": ["json", "ocsf", "ecs", "packed"], "default": "json"}
          },
          "by": {
            "name": "by",
            "in": "query",
            "required": false,
            "description": "What events are counted by.",
            "schema": {"type": "string", "enum": ["process", "file", "destination"], "default": "process"}
          },
          "id": {
            "name": "id",
            "in": "path",
            "required": true,
            "description": "The event's id.",
            "schema": {"type": "string", "pattern": "^[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$"}
          }
        },
        "responses": {
          "Error": {
            "description": "What is wrong with the request.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
          }
        },
        "schemas": {
          "Time": {
            "type": "string",
            "pattern": "^[0-9A-Za-z:. -]+$"
          },
          "Error": {
            "type": "object",
            "required": ["status", "message"],
            "properties": {"status": {"type": "integer"}, "message": {"type": "string"}}
          },
          "Counts": {
            "type": "object",
            "required": ["recorded", "filtered", "lost"],
            "properties": {
              "recorded": {"type": "integer", "minimum": 0},
              "filtered": {"type": "integer", "minimum": 0},
              "lost": {"type": "integer", "minimum": 0}
            }
          },
          "Status": {
            "type": "object",
            "required": [
              "version",
              "pid",
              "host",
              "kernel",
              "started",
              "now",
              "counts",
              "sensors",
              "sinks",
              "subscribers",
              "process",
              "alarms"
            ],
            "properties": {
              "version": {"type": "string"},
              "pid": {"type": "integer", "minimum": 0},
              "host": {"type": "string"},
              "kernel": {"type": "string"},
              "started": {
                "type": "integer",
                "minimum": 0,
                "description": "Nanoseconds since 1970-01-01 UTC, as all times here."
              },
              "now": {"type": "integer", "minimum": 0},
              "counts": {
                "type": "object",
                "description": "By class: recorded + filtered + lost acts were seen.",
                "additionalProperties": {"$ref": "#/components/schemas/Counts"}
              },
              "last_loss": {
                "type": "object",
                "required": ["time", "events", "of"],
                "properties": {
                  "time": {"type": "integer", "minimum": 0},
                  "events": {"type": "integer", "minimum": 0},
                  "of": {"type": "string"}
                }
              },
              "sensors": {
                "type": "array",
                "items": {
                  "type": "object",
                  "required": ["sensor"],
                  "properties": {"sensor": {"type": "string"}, "hook": {"type": "string"}}
                }
              },
              "store": {
                "type": "object",
                "required": ["place", "events", "bytes", "queued", "lost"],
                "properties": {
                  "place": {"type": "string"},
                  "events": {"type": "integer", "minimum": 0},
                  "bytes": {"type": "integer", "minimum": 0},
                  "oldest": {"type": "integer", "minimum": 0},
                  "queued": {"type": "integer", "minimum": 0},
                  "lost": {"type": "integer", "minimum": 0}
                }
              },
              "sinks": {
                "type": "array",
                "items": {
                  "type": "object",
                  "required": ["name", "state", "sent", "queued", "lost"],
                  "properties": {
                    "name": {"type": "string"},
                    "state": {"type": "string"},
                    "sent": {"type": "integer", "minimum": 0},
                    "queued": {"type": "integer", "minimum": 0},
                    "lost": {"type": "integer", "minimum": 0}
                  }
                }
              },
              "subscribers": {
                "type": "object",
                "required": ["count", "lost"],
                "properties": {"count": {"type": "integer", "minimum": 0}, "lost": {"type": "integer", "minimum": 0}}
              },
              "process": {
                "type": "object",
                "required": ["memory", "cpu_time"],
                "properties": {"memory": {"type": "integer"}, "cpu_time": {"type": "integer"}}
              },
              "alarms": {"type": "array", "items": {"type": "string"}}
            }
          },
          "Top": {
            "type": "object",
            "required": ["by", "since", "rows", "others"],
            "properties": {
              "by": {"type": "string", "enum": ["process", "file", "destination"]},
              "since": {"type": "integer", "minimum": 0},
              "others": {"type": "integer", "minimum": 0},
              "rows": {
                "type": "array",
                "items": {
                  "type": "object",
                  "required": ["name", "events", "failed", "bytes", "kinds"],
                  "properties": {
                    "name": {"type": "string"},
                    "events": {"type": "integer", "minimum": 0},
                    "failed": {"type": "integer", "minimum": 0},
                    "bytes": {"type": "integer", "minimum": 0},
                    "kinds": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
                  }
                }
              }
            }
          }
        }
      }
    }
    """#
}
