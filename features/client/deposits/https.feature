@client @deposits
Feature: A client calls deposits over HTTPS only

  @DEP-SEC-01 @must
  Rule: all requests go over HTTPS

    Scenario: everything that it sends
      Given a client that works with deposits
      Then every request comes over HTTPS

    Scenario Outline: a client that <request>, and is sent on (<status>) to plain HTTP
      Given a client that <request>, and it is redirected (<status>) to plain HTTP
      Then nothing comes over plain HTTP

      Examples:
        | request                     | status |
        | creates a deposit           | 302    |
        | creates a deposit           | 307    |
        | creates a refund            | 308    |
        | asks for a deposit's status | 301    |
        | looks up payment methods    | 302    |
