import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Kafka's command-line tools one after the other in one Java, which saves each its start.
 *
 * A request on standard input: the milliseconds after which the tool is told to stop, what it reads as its own standard
 * input, the number of its words, and the words: main class and arguments. The answer on standard output: exit code,
 * standard output, standard error. Numbers are 32 bits, texts are their length in bytes and UTF-8.
 *
 * A tool that exits is stopped by an error thrown at that point, and what it writes while that passes through it does
 * not count. One that does not stop in time ends the session after its answer.
 */
final class ToolSession {
    /** As a process has it that SIGTERM ended. */
    private static final int STOPPED = 143;
    private static final long STOP_MS_MAX = 15_000;

    private static volatile ToolSession current;

    private final String[] words;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final CompletableFuture<Integer> exit = new CompletableFuture<>();
    private final List<Runnable> atExit = new ArrayList<>();

    private ToolSession(String[] words) {
        this.words = words;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        DataInputStream requests = new DataInputStream(System.in);
        DataOutputStream answers = new DataOutputStream(System.out);
        System.setOut(new PrintStream(new Redirected(false), true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(new Redirected(true), true, StandardCharsets.UTF_8));
        Exit.setExitProcedure(ToolSession::exited);
        Exit.setHaltProcedure(ToolSession::exited);
        Exit.setShutdownHookAdder((name, hook) -> {
            synchronized (current.atExit) {
                current.atExit.add(hook);
            }
        });
        boolean goesOn = true;
        while (goesOn) {
            int stopAfterMs;
            try {
                stopAfterMs = requests.readInt();
            } catch (EOFException end) {
                break;
            }
            byte[] input = readBytes(requests);
            String[] words = new String[requests.readInt()];
            for (int index = 0; index < words.length; index++) {
                words[index] = new String(readBytes(requests), StandardCharsets.UTF_8);
            }
            System.setIn(new ByteArrayInputStream(input));
            current = new ToolSession(words);
            goesOn = current.run(stopAfterMs, answers);
        }
        // Whatever threads the tools have left.
        Runtime.getRuntime().halt(0);
    }

    /** Runs the tool and answers; false when it goes on running. */
    private boolean run(int stopAfterMs, DataOutputStream answers) throws IOException, InterruptedException {
        Thread tool = new Thread(this::call, "tool");
        tool.start();
        int code = STOPPED;
        try {
            code = exit.get(stopAfterMs, TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            // Answered as stopped, once its hooks had their say.
        } catch (ExecutionException impossible) {
            throw new AssertionError(impossible);
        }
        runHooks();
        tool.join(code == STOPPED ? STOP_MS_MAX : 1_000);
        System.out.flush();
        System.err.flush();
        answers.writeInt(code);
        writeBytes(answers, output);
        writeBytes(answers, errors);
        answers.flush();
        return code != STOPPED || !tool.isAlive();
    }

    private void call() {
        String[] arguments = new String[words.length - 1];
        System.arraycopy(words, 1, arguments, 0, arguments.length);
        try {
            Class.forName(words[0]).getMethod("main", String[].class).invoke(null, (Object) arguments);
            exit.complete(0);
        } catch (InvocationTargetException error) {
            if (!exit.isDone()) error.getCause().printStackTrace();
            exit.complete(1);
        } catch (ReflectiveOperationException error) {
            error.printStackTrace();
            exit.complete(1);
        }
    }

    /** What the tool wants done when its Java ends: some print their last words there. */
    private void runHooks() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        synchronized (atExit) {
            for (Runnable hook : atExit) threads.add(new Thread(hook, "at-exit"));
        }
        for (Thread thread : threads) thread.start();
        for (Thread thread : threads) thread.join(STOP_MS_MAX);
    }

    private static void exited(int code, String message) {
        System.out.flush();
        System.err.flush();
        current.exit.complete(code);
        throw new Exited();
    }

    private static byte[] readBytes(DataInputStream from) throws IOException {
        byte[] bytes = new byte[from.readInt()];
        from.readFully(bytes);
        return bytes;
    }

    private static void writeBytes(DataOutputStream to, ByteArrayOutputStream bytes) throws IOException {
        synchronized (bytes) {
            to.writeInt(bytes.size());
            bytes.writeTo(to);
        }
    }

    /** Passes through a tool that has exited. */
    private static final class Exited extends Error {
        Exited() {
            super("the tool exited", null, false, false);
        }
    }

    /** Leads to the tool that runs now: some classes keep the stream that they saw first. */
    private static final class Redirected extends OutputStream {
        private final boolean toErrors;

        Redirected(boolean toErrors) {
            this.toErrors = toErrors;
        }

        @Override
        public void write(int unit) {
            write(new byte[] {(byte) unit}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
            ToolSession session = current;
            if (session == null || hasExited(session)) return;
            (toErrors ? session.errors : session.output).write(bytes, from, length);
        }

        /** Between its exit and its end the tool's own thread says nothing that it would have said in a Java of its own. */
        private static boolean hasExited(ToolSession session) {
            return session.exit.isDone() && Thread.currentThread().getName().equals("tool");
        }
    }
}
