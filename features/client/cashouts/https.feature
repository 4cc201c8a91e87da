@client @cashouts
Feature: A client calls cashouts over HTTPS only

  @CASH-SEC-01 @must
  Rule: all requests go over HTTPS

    Scenario: everything that it sends
      Given a client that works with cashouts
      Then every request comes over HTTPS

    Scenario Outline: a client that <request>, and is sent on (<status>) to plain HTTP
      Given a client that <request>, and it is redirected (<status>) to plain HTTP
      Then nothing comes over plain HTTP

      Examples:
        | request                     | status |
        | creates a cashout           | 302    |
        | creates a cashout           | 307    |
        | asks for a cashout's status | 308    |
