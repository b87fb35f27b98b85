"""What a client asks of a storage account that keeps a cooldown and a queue, asked by the Azure SDK, with every refusal
caught by the SDK's own exception class. `azure_client.py` says how it is called.
"""

import time

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient, TextBase64DecodePolicy, TextBase64EncodePolicy
from azure_client import credential, given, once, refused, run

# The version of the interface that the function speaks.
storage = once | {"api_version": "2024-11-04"}


def blobs():
    """Compare-and-set on a blob's ETag, as any client of storage does it."""
    container = BlobServiceClient(given["blobs"], credential, **storage).get_container_client("conformance")
    blob = container.get_blob_client("state/last")
    seen = {"no_container": refused(ResourceNotFoundError, blob.download_blob)}
    container.create_container()
    seen["container_again"] = refused(ResourceExistsError, container.create_container)
    seen["absent"] = refused(ResourceNotFoundError, blob.download_blob)
    change = {"overwrite": True, "match_condition": MatchConditions.IfNotModified}
    seen["change_absent"] = refused(ResourceModifiedError, blob.upload_blob, b"0", etag='"0x0"', **change)
    first = blob.upload_blob(b"1767225600")["etag"]
    seen["create_again"] = refused(ResourceExistsError, blob.upload_blob, b"1")
    second = blob.upload_blob(b"1767225900", etag=first, **change)["etag"]
    seen["late"] = refused(ResourceModifiedError, blob.upload_blob, b"2", etag=first, **change)
    found = blob.download_blob()
    seen["read"] = [found.readall().decode(), found.properties.etag == second, found.size]
    seen["properties"] = [blob.get_blob_properties().etag == second, first == second]
    blob.upload_blob(b"", overwrite=True)
    seen["empty"] = blob.download_blob().readall().decode()
    blob.delete_blob()
    seen["deleted"] = refused(ResourceNotFoundError, blob.get_blob_properties)
    return seen


def messages(name):
    encoding = {"message_encode_policy": TextBase64EncodePolicy(), "message_decode_policy": TextBase64DecodePolicy()}
    return QueueServiceClient(given["queues"], credential, **storage).get_queue_client(name, **encoding)


def receive(queue, seconds=30):
    """The next message, which may need a while to be seen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if message := queue.receive_message(visibility_timeout=60):
            return message
        time.sleep(0.1)
    raise SystemExit(f"no message within {seconds} s")


def queues():
    """A message is put with a delay, seen, taken, changed and deleted."""
    queue = messages("conformance")
    seen = {"no_queue": refused(ResourceNotFoundError, queue.send_message, "1")}
    queue.create_queue()
    queue.send_message("hidden", visibility_timeout=3600)
    seen["hidden"] = [queue.receive_message() is None, queue.peek_messages() == []]
    queue.send_message("a < b & ü", visibility_timeout=1)
    message = receive(queue)
    seen["received"] = [message.content, message.dequeue_count]
    seen["lives"] = (message.expires_on - message.inserted_on).total_seconds()
    seen["taken"] = queue.receive_message() is None
    changed = queue.update_message(message, visibility_timeout=0, content="changed")
    seen["stale"] = refused(HttpResponseError, queue.delete_message, message.id, message.pop_receipt)
    again = receive(queue)
    seen["again"] = [again.id == message.id, again.content, again.dequeue_count]
    seen["new_receipt"] = changed.pop_receipt != message.pop_receipt
    queue.delete_message(again)
    seen["deleted"] = refused(ResourceNotFoundError, queue.delete_message, again)
    seen["too_long"] = refused(HttpResponseError, queue.send_message, "1", visibility_timeout=7 * 24 * 3600 + 1)
    return seen


def make():
    """The container and the queue of the function, and a time in the form of the reference."""
    container = BlobServiceClient(given["blobs"], credential, **storage).get_container_client(given["container"])
    for create in [container.create_container, messages(given["queue"]).create_queue]:
        try:
            create()
        except ResourceExistsError:
            pass
    container.upload_blob("reference", b"1767225600.25\n")


def left():
    """What the function's own code has left there."""
    container = BlobServiceClient(given["blobs"], credential, **storage).get_container_client(given["container"])
    queue = messages(given["queue"])
    taken = [receive(queue) for _ in range(2)]
    waited = [time.time() - message.inserted_on.timestamp() for message in taken]
    return {
        "blob": container.download_blob("last-failover").readall().decode(),
        "taken": [message.content for message in taken],
        "waited_for_the_second": waited[1] >= 2,
        "third": queue.receive_message() is not None,
    }


run(blobs, queues, make, left)
