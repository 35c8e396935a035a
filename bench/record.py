"""Records a real Spark Connect server's answers for bench/nothing: a gRPC proxy that keeps every answer's bytes, by path.

record(target, run, path): starts the proxy in front of `target` (host:port), calls run(port), writes what came back to path.
"""

import concurrent.futures
import struct
import threading

import grpc


class Recorder(grpc.GenericRpcHandler):
    def __init__(self, channel, metadata):
        self.channel, self.metadata, self.answers, self.lock = channel, metadata, [], threading.Lock()

    def service(self, details):
        def relay(requests, context):
            call = self.channel.stream_stream(details.method)(requests, metadata=self.metadata)
            frames = []
            try:
                for answer in call:
                    frames.append(struct.pack(">BI", 0, len(answer)) + answer)
                    yield answer
            except grpc.RpcError as error:
                context.set_trailing_metadata(error.trailing_metadata() or ())
                context.abort(error.code(), error.details())
            with self.lock:
                self.answers.append((details.method, b"".join(frames)))

        return grpc.stream_stream_rpc_method_handler(relay)


def record(target, run, path, metadata=()):
    channel = grpc.insecure_channel(target, options=[("grpc.max_receive_message_length", -1)])
    recorder = Recorder(channel, metadata)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), handlers=[recorder])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        run(port)
    finally:
        server.stop(1).wait()
        channel.close()
    with open(path, "wb") as out:
        for method, frames in recorder.answers:
            name = method.encode()
            out.write(struct.pack(">I", len(name)) + name + struct.pack(">I", len(frames)) + frames)
