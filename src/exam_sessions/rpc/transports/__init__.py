"""What carries calls between the network and the handlers: grpc.aio, or pygrpc-native, an experimental extra."""
