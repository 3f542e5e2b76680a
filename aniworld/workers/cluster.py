"""The Celery application of a cluster. Loaded only where there is a Redis: Celery is heavy.

A task message is a ticket, "there is work", and says nothing else: the worker that takes it claims the best item from
the database. So a ticket that comes twice does nothing, and one that is lost is made up for by the workers' own looks.
Nothing but this one task can be asked of a worker over Redis: JSON only, and no remote control (docs/decisions/0097).
"""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

PREFIX = "aniworld:"
QUEUE = "work"
TICKET = "aniworld.work"
CONNECT_WITHIN_S, ANSWER_WITHIN_S = 2.0, 5.0


def celery_application(redis_url: str, on_ticket: Callable[[], None] = lambda: None) -> Celery:
    """``on_ticket()`` is called in the worker for each ticket that it takes. Nothing connects yet."""
    application = Celery("aniworld", set_as_current=False)
    application.conf.update(
        broker_url=redis_url,
        broker_connection_timeout=CONNECT_WITHIN_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "global_keyprefix": PREFIX,
            "socket_connect_timeout": CONNECT_WITHIN_S,
            "socket_timeout": ANSWER_WITHIN_S,
            "max_retries": 0,
        },
        accept_content=["json"],
        task_serializer="json",
        event_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_default_queue=QUEUE,
        task_create_missing_queues=False,
        task_acks_late=False,  # the lease in the database is what keeps an item, not the message
        worker_prefetch_multiplier=1,
        worker_concurrency=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    application.task(name=TICKET, bind=False, shared=False)(_named(on_ticket))
    return application


def _named(on_ticket: Callable[[], None]) -> Callable[[], None]:
    def work() -> None:
        on_ticket()

    return work
